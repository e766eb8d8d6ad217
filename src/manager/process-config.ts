import { GafferError } from "../base/gaffer-error.ts";
import { didYouMean } from "../base/nearest.ts";
import type { FlappingPolicy } from "./flapping.ts";
import type { JobSettings } from "./job-settings.ts";

/** Milliseconds of a number of seconds; anything else is left for the job's own check to refuse. */
const toMs = (seconds: unknown): unknown => (typeof seconds === "number" ? seconds * 1000 : seconds);

function readPolicy(value: unknown): FlappingPolicy | string | undefined {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return undefined;
  const given = new Map<string, unknown>(Object.entries(value));
  const number = (field: string): number => Number(given.get(field));
  return {
    attempts: number("attempts"),
    windowMs: number("window") * 1000,
    retryInMs: number("retry_in") * 1000,
    maxRetry: number("max_retry"),
  };
}

const asIs = (value: unknown): unknown => value;

/** Documented name of each setting, what it is called here, and how its value is read. */
const settingOf: ReadonlyMap<string, readonly [name: keyof JobSettings, read: (value: unknown) => unknown]> = new Map([
  ["args", ["args", asIs]],
  ["env", ["env", asIs]],
  ["os_env", ["osEnv", asIs]],
  ["uid", ["uid", asIs]],
  ["gid", ["gid", asIs]],
  ["cwd", ["cwd", asIs]],
  ["shell", ["shell", asIs]],
  ["numprocesses", ["numprocesses", asIs]],
  ["start", ["start", asIs]],
  ["priority", ["priority", asIs]],
  ["graceful_timeout", ["gracefulTimeoutMs", toMs]],
  ["stop_signal", ["stopSignal", asIs]],
  ["restart", ["restart", asIs]],
  ["flapping", ["flapping", readPolicy]],
  ["redirect_output", ["redirectOutput", asIs]],
  ["redirect_input", ["redirectInput", asIs]],
  ["logfile", ["logfile", asIs]],
  ["stderr_logfile", ["stderrLogfile", asIs]],
  ["logfile_maxbytes", ["logfileMaxBytes", asIs]],
  ["logfile_backups", ["logfileBackups", asIs]],
  ["custom_streams", ["customStreams", asIs]],
  ["custom_channels", ["customChannels", asIs]],
  ["detach", ["detach", asIs]],
  ["rlimits", ["rlimits", asIs]],
]);

/**
 * A process to load, by the names that gaffer's documents give its settings: times in seconds, `graceful_timeout`,
 * `redirect_output` …
 *
 * @example
 * ```ts
 * manager.load(new ProcessConfig("web", "python -m http.server", { numprocesses: 2 }).toSettings());
 * ```
 */
export class ProcessConfig {
  /** What a setting is that is not given. */
  static readonly DEFAULT_PARAMS: Readonly<Record<string, unknown>> = {
    args: [],
    env: {},
    uid: null,
    gid: null,
    cwd: null,
    shell: false,
    redirect_output: [],
    redirect_input: false,
    custom_streams: [],
    custom_channels: [],
  };

  readonly name: string;
  readonly cmd: string;
  readonly #settings: Readonly<Record<string, unknown>>;

  /** @throws {@link GafferError} `job_invalid` if a setting is unknown. */
  constructor(name: string, cmd: string, settings: Readonly<Record<string, unknown>> = {}) {
    const unknown = Object.keys(settings).find((key) => !settingOf.has(key));
    if (unknown !== undefined) {
      const near = didYouMean(unknown, settingOf.keys());
      throw new GafferError(
        "job_invalid",
        `Cannot configure process "${name}": there is no setting "${unknown}"${near}`,
      );
    }
    this.name = name;
    this.cmd = cmd;
    this.#settings = { ...settings };
  }

  /**
   * Makes a config of an object that has `name`, `cmd` and settings.
   *
   * @throws {@link GafferError} `job_invalid` without a name or a command, or with an unknown setting.
   */
  static fromDict({ name, cmd, ...settings }: Readonly<Record<string, unknown>>): ProcessConfig {
    for (const [field, value] of [
      ["name", name],
      ["cmd", cmd],
    ] as const) {
      if (typeof value === "string" && value !== "") continue;
      throw new GafferError("job_invalid", `Cannot configure a process: ${field} is missing, and must be a text`);
    }
    return new ProcessConfig(String(name), String(cmd), settings);
  }

  /** A setting, its default when it was not given, or `otherwise`. */
  get(key: string, otherwise?: unknown): unknown {
    if (key === "name") return this.name;
    if (key === "cmd") return this.cmd;
    return this.#settings[key] ?? ProcessConfig.DEFAULT_PARAMS[key] ?? otherwise;
  }

  /** Name, cmd, and every setting that has a value or a default. */
  toDict(): Record<string, unknown> {
    return { ...ProcessConfig.DEFAULT_PARAMS, ...this.#settings, name: this.name, cmd: this.cmd };
  }

  /** What {@link Manager.load} takes; there the values are checked. */
  toSettings(): JobSettings {
    const given = Object.entries(this.#settings).flatMap(([key, value]) => {
      const setting = settingOf.get(key);
      return setting === undefined || value === null ? [] : [[setting[0], setting[1](value)] as const];
    });
    const settings: Partial<JobSettings> = Object.fromEntries(given);
    return { ...settings, name: this.name, cmd: this.cmd };
  }
}
