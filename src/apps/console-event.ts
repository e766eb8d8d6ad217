/** What the console reads of a manager's event; every other field is left alone. */
export interface ConsoleManagerEvent {
  /** Bare kind: `spawn`, `exit` … */
  readonly event: string;
  /** Full name of the job, `session.job`. */
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly slot?: number | undefined;
  readonly os_pid?: number | undefined;
  /** Why, in words: `exited with code 1`. */
  readonly reason?: string | undefined;
  /** Seconds until the next try. */
  readonly retry_in?: number | undefined;
}

/** Kinds shown unless told otherwise: what becomes of processes, and what the manager gives up. */
export const CONSOLE_ACTIONS: readonly string[] = ["spawn", "spawn_failed", "exit", "stop_process", "flap", "failed"];

/** `started with pid 123`, `exited with code 1, next try in 0.4 s`. */
export function describeEvent(event: ConsoleManagerEvent): string {
  const words = wordsOf(event);
  return event.retry_in === undefined ? words : `${words}, next try in ${seconds(event.retry_in)}`;
}

function wordsOf({ event, reason, os_pid: osPid }: ConsoleManagerEvent): string {
  switch (event) {
    case "spawn":
      return `started with pid ${osPid ?? "unknown"}`;
    case "spawn_failed":
      return `could not start${because(reason)}`;
    case "exit":
      return reason ?? "exited";
    case "stop_process":
      return "stopping";
    case "kill":
      return `was sent a signal${because(reason)}`;
    case "flap":
      return `keeps failing${because(reason)}`;
    case "failed":
      return `given up${because(reason)}`;
    default:
      return reason === undefined ? event : `${event}${because(reason)}`;
  }
}

function because(reason: string | undefined): string {
  return reason === undefined || reason === "" ? "" : `: ${reason}`;
}

/** `0.4 s`, `30 s`: tenths below ten seconds. */
function seconds(value: number): string {
  const text = value < 10 ? value.toFixed(1).replace(/\.0$/, "") : Math.round(value).toString();
  return `${text} s`;
}
