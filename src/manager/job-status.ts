import type { Job } from "./job.ts";
import type { JobConfig } from "./job-config.ts";
import type { ManagedProcess } from "./managed-process.ts";
import type { ProcessState } from "./process-state.ts";
import type { LastExit, Slot } from "./slot.ts";

/** How one slot stands. */
export interface SlotStatus {
  readonly slot: number;
  readonly state: ProcessState;
  /** Why, in words; empty where the state says it all. */
  readonly reason: string;
  readonly pid: number | undefined;
  readonly osPid: number | undefined;
  /** How long its process has lived, in milliseconds; 0 without one. */
  readonly uptimeMs: number;
  /** How often it was started again after it ended by itself. */
  readonly restarts: number;
  readonly lastExit: LastExit | undefined;
}

/** How a job stands. */
export interface JobStatus {
  readonly name: string;
  /** The state of its slots: the worst of them. */
  readonly state: ProcessState;
  /** Whether it should run. */
  readonly active: boolean;
  /** Processes alive, committed ones included. */
  readonly running: number;
  /** Committed processes alive. */
  readonly runningOut: number;
  /** How many it should have. */
  readonly maxProcesses: number;
  /** Numbers of the processes in slots. */
  readonly processes: readonly number[];
  readonly slots: readonly SlotStatus[];
  readonly config: JobConfig;
}

/** What one process is, by gaffer's own names. */
export interface ProcessInfo {
  readonly pid: number;
  readonly name: string;
  readonly slot: number;
  readonly cmd: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly uid: string | number | undefined;
  readonly gid: string | number | undefined;
  readonly osPid: number | undefined;
  /** Milliseconds since 1970. */
  readonly createTime: number;
  readonly committed: boolean;
  readonly redirectOutput: readonly string[];
  readonly redirectInput: boolean;
  readonly customStreams: readonly string[];
  readonly active: boolean;
}

/** A job is as its worst slot is: what needs a look comes first. */
const order: readonly ProcessState[] = ["failed", "backoff", "stopping", "starting", "running", "exited", "stopped"];

/** The state of a job, derived from its slots. */
function jobState(slots: readonly Slot[]): ProcessState {
  return order.find((state) => slots.some((slot) => slot.state === state)) ?? "stopped";
}

function slotStatus(slot: Slot): SlotStatus {
  const { number, state, reason, process, restarts, lastExit } = slot;
  return {
    slot: number,
    state,
    reason,
    pid: process?.id,
    osPid: process?.osPid,
    uptimeMs: process?.livedMs ?? 0,
    restarts,
    lastExit,
  };
}

/** A picture of a job now. */
export function jobStatus(job: Job): JobStatus {
  const runningOut = job.committed.filter((process) => process.active).length;
  return {
    name: job.name,
    state: jobState(job.slots),
    active: job.active,
    running: job.kept.filter((process) => process.active).length + runningOut,
    runningOut,
    maxProcesses: job.numprocesses,
    processes: job.kept.map((process) => process.id),
    slots: job.slots.map(slotStatus),
    config: job.config,
  };
}

/** A picture of a process now. */
export function processInfo(process: ManagedProcess): ProcessInfo {
  const { request } = process;
  return {
    pid: process.id,
    name: request.job,
    slot: request.slot,
    cmd: request.argv[0] ?? "",
    args: request.argv.slice(1),
    env: request.env,
    uid: request.uid,
    gid: request.gid,
    osPid: process.osPid,
    createTime: process.createdAt,
    committed: process.once,
    redirectOutput: request.outputs,
    redirectInput: request.input,
    customStreams: request.streams,
    active: process.active,
  };
}
