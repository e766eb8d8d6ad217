import type { ProcessInfo } from "../manager/job-status.ts";

/** One process, under the names of gaffer 0.5. */
export interface ProcessBody {
  /** gaffer's number of it. */
  readonly pid: number;
  /** Full name of its job. */
  readonly name: string;
  /** 0 for a committed process. */
  readonly slot: number;
  readonly cmd: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly uid: string | number | null;
  readonly gid: string | number | null;
  /** The kernel's number of it; null before it runs. */
  readonly os_pid: number | null;
  /** Milliseconds since 1970. */
  readonly create_time: number;
  /** The spelling of gaffer 0.5. */
  readonly commited: boolean;
  readonly committed: boolean;
  readonly redirect_output: readonly string[];
  readonly redirect_input: boolean;
  readonly custom_streams: readonly string[];
  readonly active: boolean;
}

/** A process as the API shows it. */
export function processBody(info: ProcessInfo): ProcessBody {
  return {
    pid: info.pid,
    name: info.name,
    slot: info.slot,
    cmd: info.cmd,
    args: info.args,
    env: info.env,
    uid: info.uid ?? null,
    gid: info.gid ?? null,
    os_pid: info.osPid ?? null,
    create_time: info.createTime,
    commited: info.committed,
    committed: info.committed,
    redirect_output: info.redirectOutput,
    redirect_input: info.redirectInput,
    custom_streams: info.customStreams,
    active: info.active,
  };
}
