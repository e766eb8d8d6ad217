/** Where a line of output comes from, and when. */
export interface LogOrigin {
  /** When its end was read, in milliseconds since 1970. */
  readonly time: number;
  /** gaffer's number of the process. */
  readonly id: number;
  /** 1…N; 0 for a committed process. */
  readonly slot: number;
  /** Full name of the job, `session.job`. */
  readonly job: string;
  /** Label of the stream: `stdout`, `stderr` … */
  readonly label: string;
}

/** One line that a process said. */
export interface LogRecord extends LogOrigin {
  /** The line without its newline; what is no UTF-8 is replaced by U+FFFD. */
  readonly text: string;
}

/** A place where output is missing: it was said too long ago to be kept, or faster than its reader took it. */
export interface LogGap extends LogOrigin {
  readonly lostBytes: number;
}

/** What a reader of output is given, in order of time. */
export type LogEntry = LogRecord | LogGap;

/** Whether an entry tells of missing output. */
export function isLogGap(entry: LogEntry): entry is LogGap {
  return "lostBytes" in entry;
}
