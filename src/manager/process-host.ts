import type { GafferError } from "../base/gaffer-error.ts";
import type { ExitStatus } from "./exit-status.ts";
import type { ResourceLimit } from "./job-config.ts";

/** A file that an output is appended to. */
export interface OutputLog {
  /** Absolute; the number of the slot is put in already. */
  readonly path: string;
  /** Size at which it is rotated, in bytes; 0 = never. */
  readonly maxBytes: number;
  /** Rotated files kept, `path.1` the newest; 0 = what is rotated away is deleted. */
  readonly backups: number;
}

/** Everything the operating system must know to start one process. Texts are final: nothing is expanded any more. */
export interface SpawnRequest {
  /** gaffer's own number of the process: 1, 2, 3 … */
  readonly id: number;
  /** `session.job.SLOT` (a committed process: `session.job.0`). */
  readonly label: string;
  /** Full name of the job. */
  readonly job: string;
  /** 1…N; 0 for a committed process. */
  readonly slot: number;
  /** Program and arguments; the program is looked up in the PATH of {@link env}. */
  readonly argv: readonly string[];
  /** The whole environment. The host adds nothing but what the launch itself needs (its tree token, LISTEN_PID). */
  readonly env: Readonly<Record<string, string>>;
  /** Absolute working directory. */
  readonly cwd: string;
  /** User name or number to run as; undefined = ours. */
  readonly uid?: string | number | undefined;
  /** Group name or number; undefined = the user's primary group. */
  readonly gid?: string | number | undefined;
  /** Limits by name (`nofile`, `core` …); absent ones stay as gaffer was started with. */
  readonly rlimits: Readonly<Record<string, ResourceLimit>>;
  /** `[]` = /dev/null; `[a]` = stdout only; `[a, a]` = merged in true order; `[a, b]` = stdout, stderr. */
  readonly outputs: readonly string[];
  /** The file of each output that is written to one, by label. */
  readonly logs: Readonly<Record<string, OutputLog>>;
  /** Whether stdin is a pipe to write to; otherwise /dev/null. */
  readonly input: boolean;
  /** Labels of extra bidirectional streams, fds from 3 on. */
  readonly streams: readonly string[];
  /** Descriptors of ours handed on after the streams (embedding only). */
  readonly channels: readonly number[];
  /** Own terminal of this size instead of pipes; stdout and stderr are then one, labelled `outputs[0]`. */
  readonly terminal?: { readonly cols: number; readonly rows: number } | undefined;
  /**
   * Leave it running when gaffer ends cleanly. Its outputs go to the files of {@link logs} or to /dev/null, never to a
   * pipe, and its stdin is /dev/null: nothing of it may hang on us.
   */
  readonly detach: boolean;
  /** What of {@link env} is the job's own, of a process that is to be adopted: the rest is inherited, and may differ from life to life. */
  readonly ownEnv?: Readonly<Record<string, string>>;
  /** How it is asked to stop by whoever finds it after gaffer was killed. @defaultValue SIGTERM, 10 s */
  readonly stop?: { readonly stopSignal: number; readonly gracefulTimeoutMs: number };
}

/**
 * What the host tells of one process, in this order: `spawned`, `exited`, then `emptied` and `closed` in either order,
 * each once; or `spawnFailed` alone. `spawned` and `spawnFailed` may come inside the call of `spawn`, the rest never.
 */
export interface ProcessObserver {
  /**
   * The program is running: exec is confirmed, not merely forked.
   *
   * @param ageMs - how long it runs already, in milliseconds: one that an earlier life detached was adopted, not spawned.
   * @defaultValue `0`
   */
  spawned(osPid: number, ageMs?: number): void;
  /** It could not be started, and nothing of it is left. */
  spawnFailed(error: GafferError): void;
  /** The leader died. `survivors` says whether descendants of it live on. */
  exited(status: ExitStatus, survivors: boolean): void;
  /** The leader is dead and no descendant lives. */
  emptied(): void;
  /** The leader is dead and every output was read to its end (or was abandoned). */
  closed(): void;
}

/** One process of the host. Every call is harmless once the process is gone. */
export interface HostProcess {
  /** Sends a signal to the leader's group and to every descendant that left it. */
  signal(signal: number): void;
  /** Sends a signal to the leader alone. */
  signalLeader(signal: number): void;
  /**
   * SIGKILLs whatever is left of the tree, and goes on until nothing is: `emptied` follows. Before `spawned` it kills
   * what is there already; `spawned` and the end, or `spawnFailed`, follow.
   */
  destroy(): void;
  /** Reads what is there and closes the outputs that a stranger still holds: `closed` follows. */
  abandonOutput(): void;
  /**
   * Writes to stdin, or to the custom stream `stream`; each write is whole or refused.
   *
   * @throws {@link GafferError} `input_full` when the queue is over its bound, `input_closed` when the child has closed
   * it or it is no pipe, `stream_not_found`.
   */
  write(bytes: Uint8Array, stream?: string): void;
  /** Ends stdin once everything queued is written. */
  endInput(): void;
  /** Lets go of a detached process that runs: it lives on, and nothing more of it is told. */
  release(): void;
}

/** The operating system behind the manager. */
export interface ProcessHost {
  /** Starts one process; what comes of it is told to `observer`. Never throws. */
  spawn(request: SpawnRequest, observer: ProcessObserver): HostProcess;
}
