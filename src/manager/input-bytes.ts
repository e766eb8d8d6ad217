const encoder = new TextEncoder();

/** What is written to a process: bytes and a text as they are, each line of a list with its end. */
export function inputBytes(lines: string | Uint8Array | readonly string[]): Uint8Array {
  if (lines instanceof Uint8Array) return lines;
  return encoder.encode(typeof lines === "string" ? lines : lines.map((line) => `${line}\n`).join(""));
}
