/** Flags of every command that shows what jobs say. */
export const logFlags = {
  follow: { type: "boolean", short: "f", description: "Go on with what comes" },
  tail: { type: "integer", short: "n", value: "N", description: "Only the last so many lines" },
  since: { type: "string", value: "TIME", description: "Only what was said since: 5m, 1h30m, or a date" },
  json: { type: "boolean", description: "Write one JSON object a line" },
} as const;
