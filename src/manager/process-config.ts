import { GafferError } from "../base/gaffer-error.ts";
import { JOB_FIELD_BY_NAME } from "./job-fields.ts";
import { readJobFields, unknownField } from "./job-reader.ts";
import type { JobSettings } from "./job-settings.ts";

const isSetting = (key: string): boolean =>
  key === "custom_channels" || (key !== "name" && key !== "cmd" && JOB_FIELD_BY_NAME.has(key));

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
    const unknown = Object.keys(settings).find((key) => !isSetting(key));
    if (unknown !== undefined) {
      throw new GafferError("job_invalid", `Cannot configure process "${name}": ${unknownField(unknown)}`);
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

  /**
   * What {@link Manager.load} takes.
   *
   * @throws {@link GafferError} `job_invalid` that tells of every setting that is wrong.
   */
  toSettings(): JobSettings {
    return readJobFields({ ...this.#settings, name: this.name, cmd: this.cmd }, { embedding: true });
  }
}
