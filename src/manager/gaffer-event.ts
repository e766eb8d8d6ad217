/** What can happen: to a job, or to one process of it. */
export const EVENT_KINDS = [
  "load",
  "unload",
  "start",
  "stop",
  "restart",
  "reload",
  "update",
  "spawn",
  "spawn_failed",
  "reap",
  "exit",
  "stop_process",
  "kill",
  "flap",
  "failed",
] as const;

/** One of {@link EVENT_KINDS}. */
export type EventKind = (typeof EVENT_KINDS)[number];

/** What an event tells besides its kind and job; names are those of the wire. */
export interface EventFields {
  /** gaffer's number of the process. */
  readonly pid?: number;
  /** The kernel's number of it. */
  readonly os_pid?: number;
  readonly slot?: number;
  /** Code as wait(2) gives it: 0 when a signal ended the process; absent when nobody can know (an adopted process). */
  readonly exit_status?: number;
  /** null when a signal ended it, or nobody can know. */
  readonly exit_code?: number | null;
  /** 0 when it exited; absent when nobody can know. */
  readonly term_signal?: number;
  /** Whether it was committed: run once, never restarted. */
  readonly once?: boolean;
  /** How long it lived, in seconds. */
  readonly uptime?: number;
  /** Why, in words. */
  readonly reason?: string;
  /** Exit code a shell would give for what kept it from being started: 126, 127, else 1. */
  readonly error_exit_code?: number;
  /** Seconds until the next try, where one is waited for. */
  readonly retry_in?: number;
  /** Signal sent. */
  readonly signum?: number;
  /** Whether it is left running when gaffer ends; `detached` and `detach` are two names of one thing. */
  readonly detached?: boolean;
  readonly detach?: boolean;
  /** How many processes the job should have now. */
  readonly numprocesses?: number;
}

/** One event, as every feed carries it. */
export interface GafferEvent extends EventFields {
  readonly event: EventKind;
  /** Full name of the job. */
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Grows by one with each event. */
  readonly seq: number;
}

const older: Partial<Record<EventKind, string>> = { load: "create", unload: "delete", stop_process: "stop_pid" };

/** What gaffer 0.4 called some of {@link EVENT_KINDS}; they match, too. */
export const FORMER_KINDS: readonly string[] = Object.values(older);

/** What gaffer 0.4 called it: `create`, `delete`, `stop_pid`; the same word for all others. */
export const formerWord = (kind: EventKind): string => older[kind] ?? kind;

/**
 * The topics an event is published under: `exit`, `job.s.n.exit`, `proc.7.exit`, and what gaffer 0.4 called them:
 * `create`, `delete`, `stop_pid`, `proc.s.n.exit`, `proc.n.exit`.
 */
export function topicsOf(event: GafferEvent): Iterable<string> {
  // Made while they are walked: most listeners hear everything, and need only the first.
  return { [Symbol.iterator]: () => eachTopic(event) };
}

function* eachTopic({ event, name, pid }: GafferEvent): Generator<string, undefined> {
  const former = older[event];
  yield event;
  if (former !== undefined) yield former;
  const short = name.slice(name.indexOf(".") + 1);
  const owners = [`job.${name}`, ...(pid === undefined ? [] : [`proc.${pid}`]), `proc.${name}`, `proc.${short}`];
  for (const owner of owners) {
    yield `${owner}.${event}`;
    if (former !== undefined) yield `${owner}.${former}`;
  }
  return undefined;
}
