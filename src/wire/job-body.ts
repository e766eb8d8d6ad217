import type { JobConfig } from "../manager/job-config.ts";
import type { JobStatus, SlotStatus } from "../manager/job-status.ts";
import type { ProcessState } from "../manager/process-state.ts";

/** How a process of a slot ended last. */
export interface LastExitBody {
  /** In words. */
  readonly reason: string;
  /** null when a signal ended it. */
  readonly exit_code: number | null;
  /** 0 when it exited. */
  readonly term_signal: number;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** How one slot stands. */
export interface SlotBody {
  readonly slot: number;
  readonly state: ProcessState;
  /** Why, in words; empty where the state says it all. */
  readonly reason: string;
  /** gaffer's number of its process. */
  readonly pid: number | null;
  /** The kernel's number of it. */
  readonly os_pid: number | null;
  /** How long its process has lived, in seconds. */
  readonly uptime: number;
  /** How often it was started again after it ended by itself. */
  readonly restarts: number;
  readonly last_exit: LastExitBody | null;
}

/** How a job stands, under the names of gaffer 0.5 and ours. */
export interface JobBody {
  /** Full name. */
  readonly name: string;
  /** Whether it should run. */
  readonly active: boolean;
  /** The worst state of its slots. */
  readonly state: ProcessState;
  /** Processes alive, committed ones included. */
  readonly running: number;
  /** Committed processes alive. */
  readonly running_out: number;
  /** How many it should have. */
  readonly max_processes: number;
  /** Numbers of the processes in slots. */
  readonly processes: readonly number[];
  readonly slots: readonly SlotBody[];
  readonly config: Readonly<Record<string, unknown>>;
}

function slotBody({ slot, state, reason, pid, osPid, uptimeMs, restarts, lastExit }: SlotStatus): SlotBody {
  return {
    slot,
    state,
    reason,
    pid: pid ?? null,
    os_pid: osPid ?? null,
    uptime: Math.round(uptimeMs) / 1000,
    restarts,
    last_exit:
      lastExit === undefined
        ? null
        : {
            reason: lastExit.reason,
            exit_code: lastExit.status?.code ?? null,
            term_signal: lastExit.status?.signal ?? 0,
            time: lastExit.at,
          },
  };
}

/**
 * A job as the API shows it.
 *
 * @param describe - its config under the documented names.
 */
export function jobBody(status: JobStatus, describe: (config: JobConfig) => Record<string, unknown>): JobBody {
  return {
    name: status.name,
    active: status.active,
    state: status.state,
    running: status.running,
    running_out: status.runningOut,
    max_processes: status.maxProcesses,
    processes: status.processes,
    slots: status.slots.map(slotBody),
    config: describe(status.config),
  };
}
