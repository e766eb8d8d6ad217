import { GafferError } from "../base/gaffer-error.ts";
import type { LogEntry } from "../base/log-record.ts";
import { fullName, parseJobName } from "../base/job-name.ts";
import type { JobBody } from "../wire/job-body.ts";
import { decodeLogEntry } from "../wire/log-record-codec.ts";
import type { JobRequest } from "../wire/job-request.ts";
import type { JobStatsBody } from "../wire/stats-body.ts";
import type { Change, ChangeOptions } from "./change.ts";
import { type DaemonClient, pathOf } from "./daemon-client.ts";
import { receivedEvents } from "./event-follower.ts";
import { RemoteProcess } from "./remote-process.ts";

/** What came of a scaling. */
export interface Scaling extends Change {
  /** How many processes the job should have now. */
  readonly numprocesses: number;
  /** It was to be less than none. */
  readonly clamped: boolean;
}

/** Which lines of logs are read. */
export interface LogChoice {
  /** The last so many. @defaultValue all that are kept */
  readonly tail?: number | undefined;
  /** From this instant on: milliseconds since 1970, or a date as ISO 8601 has it. */
  readonly since?: number | string | undefined;
}

/** How lines are followed. */
export interface LogFollowing extends LogChoice {
  /** Ends it. */
  readonly signal: AbortSignal;
  /** The connection was lost, or is there again. */
  readonly onConnection?: (isConnected: boolean) => void;
}

/** How one process of a job is run beside its slots. */
export interface CommitOptions {
  /** How long its stop waits before it kills, in seconds. @defaultValue the job's own */
  readonly gracefulTimeout?: number | undefined;
  /** Laid over the job's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Waits so many seconds for it to run, or to fail. @defaultValue it does not wait */
  readonly wait?: number | undefined;
}

/**
 * A job of a daemon. It is a name: nothing is asked before a method is called.
 *
 * @remarks Every method throws {@link GafferError} `job_not_found` (status 404) when it is not loaded, `daemon_unreachable`, and with
 * keys `unauthorized` (401) or `forbidden` (403).
 */
export class Job {
  /** Full name, `session.job`. */
  readonly name: string;
  /** Path of it in the HTTP API. */
  readonly path: string;
  readonly #client: DaemonClient;

  /** @throws {@link GafferError} `job_invalid` if it can't be the name of one */
  constructor(client: DaemonClient, name: string, session?: string) {
    const parsed = parseJobName(name, session);
    this.#client = client;
    this.name = fullName(parsed);
    this.path = pathOf("jobs", parsed.session, parsed.job);
  }

  /** How it stands. */
  info(): Promise<JobBody> {
    return this.#client.json<JobBody>(this.path);
  }

  /** Its settings. */
  async config(): Promise<JobBody["config"]> {
    return (await this.info()).config;
  }

  /** Whether it should run. */
  async active(): Promise<boolean> {
    return (await this.info()).active;
  }

  /** How many processes of it run, committed ones included. */
  async running(): Promise<number> {
    return (await this.info()).running;
  }

  /** How many committed processes of it run. */
  async runningOut(): Promise<number> {
    return (await this.info()).running_out;
  }

  /** How many processes it should have. */
  async numprocesses(): Promise<number> {
    return (await this.#client.json<{ numprocesses: number }>(`${this.path}/numprocesses`)).numprocesses;
  }

  /** gaffer's numbers of the processes in its slots. */
  async pids(): Promise<readonly number[]> {
    return (await this.#client.json<{ pids: number[] }>(`${this.path}/pids`)).pids;
  }

  /** The processes in its slots. */
  async processes(): Promise<RemoteProcess[]> {
    return (await this.pids()).map((pid) => new RemoteProcess(this.#client, pid));
  }

  /** What its processes use, each and together. */
  stats(): Promise<JobStatsBody> {
    return this.#client.json<JobStatsBody>(`${this.path}/stats`);
  }

  /** Starts it. */
  start(options?: ChangeOptions): Promise<Change> {
    return this.#setState("1", options);
  }

  /** Stops it; it stays loaded. */
  stop(options?: ChangeOptions): Promise<Change> {
    return this.#setState("0", options);
  }

  /** Replaces all its processes at once, by as many as its settings say. */
  reload(options?: ChangeOptions): Promise<Change> {
    return this.#setState("2", options);
  }

  /** Replaces its processes one after the other. */
  restart(options?: ChangeOptions): Promise<Change> {
    return this.#setState("3", options);
  }

  #setState(body: string, { wait }: ChangeOptions = {}): Promise<Change> {
    return this.#client.json<Change>(`${this.path}/state`, { method: "POST", body, wait });
  }

  /**
   * Changes how many processes it should have.
   *
   * @param scale - a number to add (negative: to take away), or `"+2"`, `"-1"`, `"=3"`.
   * @throws {@link GafferError} `bad_operation`
   */
  scale(scale: number | string, { wait }: ChangeOptions = {}): Promise<Scaling> {
    return this.#client.json<Scaling>(`${this.path}/numprocesses`, { method: "POST", body: { scale }, wait });
  }

  /** Has so many processes more. */
  add(count = 1, options?: ChangeOptions): Promise<Scaling> {
    return this.scale(`+${count}`, options);
  }

  /** Has so many processes less. */
  sub(count = 1, options?: ChangeOptions): Promise<Scaling> {
    return this.scale(`-${count}`, options);
  }

  /** Gives it new settings; only what changed is touched. @throws {@link GafferError} `job_invalid` */
  update(settings: Omit<JobRequest, "name">, { wait }: ChangeOptions = {}): Promise<Change> {
    return this.#client.json<Change>(this.path, { method: "PUT", body: settings, wait });
  }

  /** Stops it and forgets it. */
  unload({ wait }: ChangeOptions = {}): Promise<Change> {
    return this.#client.json<Change>(this.path, { method: "DELETE", wait });
  }

  /** Runs one more process of it, once. @throws {@link GafferError} `spawn_failed` if it was waited for, and does not run */
  async commit({ gracefulTimeout, env = {}, wait }: CommitOptions = {}): Promise<RemoteProcess> {
    const body = { graceful_timeout: gracefulTimeout ?? null, env };
    const answer = await this.#client.json<{ pid: number } & Change>(`${this.path}/commit`, {
      method: "POST",
      body,
      wait,
    });
    const [problem] = answer.problems ?? [];
    if (problem === undefined) return new RemoteProcess(this.#client, answer.pid);
    throw new GafferError("spawn_failed", `Cannot run process ${answer.pid} of job "${this.name}": ${problem.reason}`);
  }

  /** Sends a signal, by name or number, to all its processes. @throws {@link GafferError} `bad_signal` */
  async kill(signal: string | number): Promise<void> {
    await this.#client.send(`${this.path}/signal`, { method: "POST", body: { signal } });
  }

  /** What it has said, in order of time. */
  async logs({ tail, since }: LogChoice = {}): Promise<LogEntry[]> {
    const headers = { accept: "application/x-ndjson" };
    const response = await this.#client.send(`${this.path}/logs`, { query: { tail, since }, headers });
    return (await response.text()).split("\n").flatMap((line) => decodeLogEntry(line) ?? []);
  }

  /** What it has said and says from now on, over losses of the connection. */
  async *followLogs({ tail, since, ...following }: LogFollowing): AsyncGenerator<LogEntry> {
    const query = { follow: true, tail, since };
    for await (const { data } of receivedEvents(this.#client, {
      path: `${this.path}/logs`,
      query: () => query,
      ...following,
    })) {
      const entry = decodeLogEntry(data);
      if (entry !== undefined) yield entry;
    }
  }
}
