import { isLogGap, type LogEntry } from "../base/log-record.ts";

const DEFAULT_SESSION = "default.";

/** An entry as one line of JSON, without newline: `text`, or `lost_bytes` where output is missing. */
export function encodeLogEntry(entry: LogEntry): string {
  const { time, id, slot, job, label } = entry;
  const what = isLogGap(entry) ? { lost_bytes: entry.lostBytes } : { text: entry.text };
  return JSON.stringify({ time, id, slot, job, label, ...what });
}

/**
 * An entry from its JSON.
 *
 * @returns undefined when it is none; what it holds besides is left out.
 */
export function decodeLogEntry(line: string): LogEntry | undefined {
  const value = parse(line);
  if (typeof value !== "object" || value === null) return undefined;
  const { time, id, slot, job, label, text, lost_bytes: lostBytes }: Partial<Record<string, unknown>> = { ...value };
  if (typeof time !== "number" || typeof id !== "number" || typeof slot !== "number") return undefined;
  if (typeof job !== "string" || typeof label !== "string") return undefined;
  const origin = { time, id, slot, job, label };
  if (typeof lostBytes === "number") return { ...origin, lostBytes };
  return typeof text === "string" ? { ...origin, text } : undefined;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * An entry as a line to read, without newline and colour, in local time; the session is named unless it is `default`.
 *
 * @example `12:04:31 web.1 | listening on :8080`
 */
export function logEntryText(entry: LogEntry): string {
  const name = entry.job.startsWith(DEFAULT_SESSION) ? entry.job.slice(DEFAULT_SESSION.length) : entry.job;
  const said = isLogGap(entry) ? `… ${entry.lostBytes} bytes lost here` : entry.text;
  return `${clockText(entry.time)} ${name}.${entry.slot} | ${said}`;
}

/** `HH:MM:SS` of local time. */
function clockText(timeMs: number): string {
  const time = new Date(timeMs);
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}
