import { checkVariables } from "./job-check.ts";
import { DEFAULT_SESSION } from "../base/job-name.ts";
import { GafferError } from "../base/gaffer-error.ts";
import { commandWords, expand, namedVariables } from "./command-line.ts";
import type { JobConfig } from "./job-config.ts";
import { outputLogs } from "./output-logs.ts";
import type { StopPolicy } from "./managed-process.ts";
import { streamVariables } from "./stream-variables.ts";
import type { SpawnRequest } from "./process-host.ts";

/** What every job shares: gaffer's own environment and folder. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** Which process a request is for. */
export interface Placement {
  readonly id: number;
  /** 0 for a committed process. */
  readonly slot: number;
  /** Laid over the job's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** How it is asked to stop. @defaultValue as the job's config says */
  readonly stop?: StopPolicy;
}

const none = {};

/** A job has a hundred ports: a committed process is told the last of them, which no slot of a small job has. */
const COMMITTED_OFFSET = 99;
const portOf = (port: number | undefined, slot: number): Record<string, string> =>
  port === undefined ? {} : { PORT: String(port + (slot === 0 ? COMMITTED_OFFSET : slot - 1)) };

/** Makes the spawn requests of one job: what all of them share is worked out once. */
export class SpawnRequests {
  readonly #config: JobConfig;
  readonly #cwd: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #words: readonly string[];
  readonly #expands: boolean;
  readonly #isLogged: boolean;
  readonly #streams: Readonly<Record<string, string>>;
  readonly #stop: StopPolicy;
  readonly #short: string;

  /**
   * @throws {@link GafferError} `job_invalid` if the command is empty, a quote is not closed, or it names a variable that
   * will never exist.
   */
  constructor(config: JobConfig, surroundings: Surroundings) {
    this.#config = config;
    this.#cwd = config.cwd ?? surroundings.cwd;
    const { stopSignal, gracefulTimeoutMs } = config;
    this.#stop = { stopSignal, gracefulTimeoutMs };
    this.#streams = streamVariables(config.customStreams);
    this.#isLogged = config.logfile !== undefined || config.stderrLogfile !== undefined;
    this.#env = config.osEnv ? { ...surroundings.env, ...config.env } : config.env;
    const [session = DEFAULT_SESSION, job = ""] = config.name.split(".");
    this.#short = session === "" ? config.name : job;
    this.#words = commandWords(config);
    if (this.#words[0] === undefined || this.#words[0] === "") {
      throw new GafferError("job_invalid", `Cannot load job "${config.name}": cmd is empty`);
    }
    this.#expands = !config.shell && this.#words.some((word) => word.includes("$"));
    this.#refuseUnknownNames();
  }

  /** Refuses what the constructor would. @throws {@link GafferError} `job_invalid` */
  static check(config: JobConfig, surroundings: Surroundings): SpawnRequests {
    return new SpawnRequests(config, surroundings);
  }

  #refuseUnknownNames(): void {
    if (!this.#expands) return;
    const env = this.#environment({ id: 0, slot: 1 });
    const unknown = this.#words.flatMap(namedVariables).find((name) => env[name] === undefined);
    if (unknown === undefined) return;
    const way = `set it in env, or write $$${unknown} for a literal dollar sign`;
    throw new GafferError("job_invalid", `Cannot load job "${this.#config.name}": $${unknown} has no value: ${way}`);
  }

  /** The job's own part of the environment: what it sets, and what it is told of its place. */
  #ownEnvironment({ slot, env }: Placement): Record<string, string> {
    const { osEnv, port, env: set } = this.#config;
    return osEnv ? { ...set, PS: `${this.#short}.${slot}`, ...portOf(port, slot), ...env } : { ...set, ...env };
  }

  #environment({ id, slot, env }: Placement): Record<string, string> {
    const { osEnv, name, port } = this.#config;
    if (!osEnv) return { ...this.#env, ...this.#streams, ...env };
    const own = { PS: `${this.#short}.${slot}`, GAFFER_JOB: name, GAFFER_PROCESS_ID: String(id) };
    return { ...this.#env, ...own, ...this.#streams, ...portOf(port, slot), ...env };
  }

  /** The request for one process. */
  for(placement: Placement): SpawnRequest {
    const config = this.#config;
    if (placement.env !== undefined) checkVariables(placement.env, `commit job "${this.#config.name}"`);
    const env = this.#environment(placement);
    // What is committed runs once and ends with gaffer, whatever the job is.
    const detach = config.detach && placement.slot > 0;
    return {
      id: placement.id,
      label: `${config.name}.${placement.slot}`,
      job: config.name,
      slot: placement.slot,
      argv: this.#expands ? this.#words.map((word) => expand(word, env)) : this.#words,
      env,
      cwd: this.#cwd,
      uid: config.uid,
      gid: config.gid,
      rlimits: config.rlimits,
      outputs: config.redirectOutput,
      logs: this.#isLogged ? outputLogs(config, this.#cwd, placement.slot) : none,
      input: config.redirectInput && !detach,
      streams: config.customStreams,
      channels: config.customChannels,
      detach,
      stop: placement.stop ?? this.#stop,
      ...(detach ? { ownEnv: this.#ownEnvironment(placement) } : none),
    };
  }
}
