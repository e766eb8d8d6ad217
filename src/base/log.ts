import type { ConsolaInstance } from "consola";

/** How much is logged: each level with all before it. */
export type LogLevel = "error" | "warn" | "info" | "debug";

/** What a program says about itself, on stderr. What children say never goes through it. */
export type Log = Pick<ConsolaInstance, LogLevel>;

/** consola's own numbers. */
const levels: Readonly<Record<LogLevel, number>> = { error: 0, warn: 1, info: 3, debug: 4 };

/**
 * Opens the log.
 *
 * @remarks consola is loaded here and not before, since it costs start-up time. Its level is given, because it would
 * choose `warn` under a test; repeated lines are all written, because it would fold them.
 */
export async function openLog(level: LogLevel): Promise<Log> {
  const { createConsola } = await import("consola");
  return createConsola({ level: levels[level], throttle: 0, stdout: process.stderr, stderr: process.stderr });
}
