import type { FlappingPolicy } from "./flapping.ts";

/** When a process that ended by itself is started again. */
export type RestartPolicy = "always" | "on-failure" | "never";

/** A limit of setrlimit(2), in that resource's own unit; `Infinity` = unlimited. */
export interface ResourceLimit {
  readonly soft: number;
  readonly hard: number;
}

/** A named thing to keep running. Checked, complete, and never changed: an update replaces it. */
export interface JobConfig {
  /** Full name, `session.job`. */
  readonly name: string;
  /** Program, or a command line that is split like a shell would (unless {@link shell}). */
  readonly cmd: string;
  /** Arguments appended to those in {@link cmd}. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Whether {@link env} is laid over gaffer's own environment, or is all there is. @defaultValue `true` */
  readonly osEnv: boolean;
  /** Absolute working directory; undefined = gaffer's own. */
  readonly cwd: string | undefined;
  readonly uid: string | number | undefined;
  readonly gid: string | number | undefined;
  /** Run through `sh -c`, arguments kept as `$1 …`. @defaultValue `false` */
  readonly shell: boolean;
  /** How many processes the job should have. @defaultValue `1` */
  readonly numprocesses: number;
  /** Start it when it is loaded. @defaultValue `true` */
  readonly start: boolean;
  /** Start order, 0 first; stop goes the other way. @defaultValue `Infinity` (last) */
  readonly priority: number;
  /** How long a stop waits before SIGKILL, in milliseconds; 0 = at once. @defaultValue `30_000` */
  readonly gracefulTimeoutMs: number;
  /** Signal that asks it to stop. @defaultValue `15` (SIGTERM) */
  readonly stopSignal: number;
  /** @defaultValue `"always"` */
  readonly restart: RestartPolicy;
  /** Undefined = off: the growing restart delay stands instead. */
  readonly flapping: FlappingPolicy | undefined;
  /** Labels of stdout and stderr. @defaultValue `["stdout", "stderr"]` */
  readonly redirectOutput: readonly string[];
  /** @defaultValue `false` */
  readonly redirectInput: boolean;
  /** File that the output is appended to, relative to {@link cwd}; `%i` stands for the slot. */
  readonly logfile: string | undefined;
  /** File of stderr alone. @defaultValue that of stdout, both in the order they were written */
  readonly stderrLogfile: string | undefined;
  /** Size at which a log file is rotated, in bytes; 0 = never. @defaultValue 50 MiB */
  readonly logfileMaxBytes: number;
  /** Rotated log files kept. @defaultValue `10` */
  readonly logfileBackups: number;
  readonly customStreams: readonly string[];
  /** Descriptors handed on (embedding only; never in JSON). */
  readonly customChannels: readonly number[];
  readonly detach: boolean;
  readonly rlimits: Readonly<Record<string, ResourceLimit>>;
  /** PORT of the first slot; each further one is told one more. Undefined = no PORT of its own. */
  readonly port: number | undefined;
}
