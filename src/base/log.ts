import type { ConsolaInstance } from "consola";

/** How much is logged: each level with all before it. @see gaffer 0.5 `--log-level` */
export type LogLevel = "critical" | "error" | "warning" | "info" | "debug";

/** What a program says about itself. What children say never goes through it. */
export type Log = Pick<ConsolaInstance, "fatal" | "error" | "warn" | "info" | "debug">;

/** consola's own numbers. */
const levels: Readonly<Record<LogLevel, number>> = { critical: 0, error: 0, warning: 1, info: 3, debug: 4 };
/** consola counts fatal and error as one: what is only critical is told by its type. */
const words: Readonly<Record<string, string>> = { fatal: "CRITICAL", warn: "WARNING" };

/** How a log is written. */
export interface LogOptions {
  readonly level: LogLevel;
  /** Takes one line with its newline. */
  readonly write: (line: string) => void;
  /** @defaultValue `Date.now` */
  readonly now?: () => number;
}

const two = (value: number): string => String(value).padStart(2, "0");

/** `2026-11-23 03:06:10`, in local time. */
function stamp(ms: number): string {
  const at = new Date(ms);
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("-");
  return `${day} ${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":")}`;
}

const textOf = (value: unknown): string => (value instanceof Error ? (value.stack ?? value.message) : String(value));

/**
 * Opens a log of lines `YYYY-mm-dd HH:MM:SS [pid] [LEVEL] message`.
 *
 * @remarks consola is loaded here and not before, since it costs start-up time. Its level is given, because it would
 * choose `warn` under a test; repeated lines are all written, because it would fold them.
 * @see gaffer 0.5 `gaffer/gafferd/main.py` for the form of a line
 */
export async function openLog({ level, write, now = Date.now }: LogOptions): Promise<Log> {
  const { createConsola } = await import("consola");
  const log = ({ type, args }: { type: string; args: readonly unknown[] }): void => {
    if (level === "critical" && type !== "fatal") return;
    const word = words[type] ?? type.toUpperCase();
    write(`${stamp(now())} [${process.pid}] [${word}] ${args.map(textOf).join(" ")}\n`);
  };
  return createConsola({ level: levels[level], throttle: 0, reporters: [{ log }] });
}
