/** A job as it is sent to a daemon: the documented names; times in seconds, sizes in bytes. Only name and command are required. */
export interface JobRequest {
  /** `session.job` or `job`. */
  readonly name: string;
  /** Program, or command line that is split like a shell would. */
  readonly cmd: string;
  /** Appended to those in cmd; a text is split. */
  readonly args?: readonly string[] | string;
  readonly env?: Readonly<Record<string, string>>;
  /** @defaultValue true */
  readonly os_env?: boolean;
  /** @defaultValue the daemon's own folder */
  readonly cwd?: string | null;
  readonly uid?: string | number | null;
  readonly gid?: string | number | null;
  readonly shell?: boolean;
  /** @defaultValue 1 */
  readonly numprocesses?: number;
  /** PORT of the first process; each further one is told one more. */
  readonly port?: number | null;
  /** @defaultValue true */
  readonly start?: boolean;
  readonly priority?: number | null;
  /** Seconds that a stop waits before SIGKILL. @defaultValue 30 */
  readonly graceful_timeout?: number;
  /** Name or number. @defaultValue SIGTERM */
  readonly stop_signal?: string | number;
  /** @defaultValue `"always"` */
  readonly restart?: "always" | "on-failure" | "never";
  /** `attempts, window, retry_in, max_retry`, or a table of them. */
  readonly flapping?:
    | string
    | null
    | {
        readonly attempts?: number;
        readonly window?: number;
        readonly retry_in?: number;
        readonly max_retry?: number;
      };
  /** Labels of stdout and stderr; an empty list = /dev/null. */
  readonly redirect_output?: readonly string[];
  readonly redirect_input?: boolean;
  readonly logfile?: string | null;
  readonly stderr_logfile?: string | null;
  readonly logfile_maxbytes?: number | string;
  readonly logfile_backups?: number;
  readonly sockets?: readonly string[];
  readonly custom_streams?: readonly string[];
  readonly detach?: boolean;
  readonly rlimits?: Readonly<Record<string, number | string>>;
}
