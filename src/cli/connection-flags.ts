/** Flags that say which daemon is meant; every command that talks to one takes them. */
export const connectionFlags = {
  endpoint: {
    type: "string",
    short: "g",
    value: "URL|unix:PATH",
    description: "The daemon to talk to (else GAFFER_ENDPOINT, else the local one)",
  },
  "api-key-file": { type: "string", value: "FILE", description: "File that holds the key to send" },
  cacert: { type: "string", value: "FILE", description: "Certificate of the authority that signed the daemon's (PEM)" },
  certfile: { type: "string", value: "FILE", description: "Our certificate, for a daemon that wants one (PEM)" },
  keyfile: {
    type: "string",
    value: "FILE",
    description: "Private key of our certificate, if it is not in the same file",
  },
} as const;

/** Flag of every command that reads. */
export const jsonFlag = {
  json: { type: "boolean", description: "Write JSON" },
} as const;

/** Flags of every command that changes something. */
export const waitFlags = {
  wait: { type: "seconds", value: "SECONDS", description: "Wait so long for the end (else as long as it takes)" },
  "no-wait": { type: "boolean", description: "Do not wait for the end" },
} as const;

/** As long as it takes: a day, in seconds. */
const PATIENCE = 86_400;

/** How many seconds a command waits; undefined = it does not. */
export const waitSeconds = (flags: {
  readonly wait: number | undefined;
  readonly "no-wait": boolean;
}): number | undefined => (flags["no-wait"] ? undefined : (flags.wait ?? PATIENCE));
