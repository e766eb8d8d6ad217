import { isLogGap, type LogEntry } from "../base/log-record.ts";
import { encodeLogEntry } from "../wire/log-record-codec.ts";
import { ConsolePrefixes } from "./console-prefix.ts";

const DEFAULT_SESSION = "default.";

/** How entries are shown. */
export interface LogLinesOptions {
  readonly colorize: boolean;
  /** One JSON object a line. */
  readonly json: boolean;
  /** Session whose name goes without saying. @defaultValue `default` */
  readonly session?: string;
}

/** Makes the lines that show what jobs said: `HH:MM:SS name.N | text`, in the colours that `gaffer start` gives them. */
export class LogLines {
  readonly #prefixes: ConsolePrefixes;
  readonly #json: boolean;
  readonly #implied: string;

  constructor({ colorize, json, session }: LogLinesOptions) {
    this.#prefixes = new ConsolePrefixes({ colorize, names: [] });
    this.#json = json;
    this.#implied = session === undefined ? DEFAULT_SESSION : `${session}.`;
  }

  /** The line of an entry, with its newline. */
  of(entry: LogEntry): string {
    if (this.#json) return `${encodeLogEntry(entry)}\n`;
    const job = entry.job.startsWith(this.#implied) ? entry.job.slice(this.#implied.length) : entry.job;
    const prefix = this.#prefixes.of(`${job}.${entry.slot}`, entry.time).bytes.toString();
    return `${prefix}${isLogGap(entry) ? `… ${entry.lostBytes} bytes lost here` : entry.text}\n`;
  }
}
