/** Where one slot of a job stands. */
export type ProcessState = "stopped" | "starting" | "running" | "backoff" | "stopping" | "exited" | "failed";

/**
 * What can happen to a slot: `exited` is the leader's death, `gone` is that plus an empty tree and drained outputs,
 * `timeout` the end of the graceful timeout, `hold` the wait before the next try, `retry` its end, `release` that a detached
 * process is left to live on.
 */
export type ProcessInput =
  | "start"
  | "spawned"
  | "spawn-failed"
  | "exited"
  | "gone"
  | "stop"
  | "timeout"
  | "hold"
  | "retry"
  | "give-up"
  | "release";

type Row = Readonly<Partial<Record<ProcessInput, ProcessState>>>;

/** The whole table: what is absent has no meaning in that state. README prints it, and a test compares the two. */
export const transitions: Readonly<Record<ProcessState, Row>> = {
  stopped: { start: "starting" },
  starting: { spawned: "running", "spawn-failed": "exited", stop: "stopping" },
  running: { exited: "exited", stop: "stopping", release: "stopped" },
  exited: {
    gone: "exited",
    timeout: "exited",
    stop: "stopping",
    start: "starting",
    hold: "backoff",
    retry: "starting",
    "give-up": "failed",
  },
  backoff: { retry: "starting", start: "starting", stop: "stopped", hold: "backoff", "give-up": "failed" },
  stopping: {
    spawned: "stopping",
    "spawn-failed": "stopped",
    exited: "stopping",
    timeout: "stopping",
    gone: "stopped",
  },
  failed: { start: "starting", stop: "stopped" },
};

/**
 * The state that follows `state` on `input`.
 *
 * @returns the next state, or undefined when the input has no meaning in that state.
 * @see s6 `s6-supervise.c` for the table form, Supervisor `states.py` for the words.
 */
export function nextState(state: ProcessState, input: ProcessInput): ProcessState | undefined {
  return transitions[state][input];
}
