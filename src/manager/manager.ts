import { GafferError } from "../base/gaffer-error.ts";
import { parseSignal } from "../base/signals.ts";
import type { App } from "./app.ts";
import type { Clock } from "./clock.ts";
import type { Channel } from "./channel.ts";
import { EventChannel } from "./event-channel.ts";
import { EventEmitter } from "./event-emitter.ts";
import { EventLog, type EventsSince, HISTORY_LIMIT } from "./event-log.ts";
import type { EventFields, EventKind, GafferEvent } from "./gaffer-event.ts";
import { inputBytes } from "./input-bytes.ts";
import { Job, type JobWorld } from "./job.ts";
import { JobCatalog } from "./job-catalog.ts";
import type { JobConfig } from "./job-config.ts";
import { replacesProcesses } from "./job-comparison.ts";
import { type JobSettings, resolveJob } from "./job-settings.ts";
import type { ManagedProcess } from "./managed-process.ts";
import { allDone, nothingLeft, type Operation, type Report } from "./operation.ts";
import { processFields } from "./process-fields.ts";
import type { ProcessHost } from "./process-host.ts";
import { compareSession, type Difference, refuseStrangers, refuseTwins } from "./session-difference.ts";
import { shutDown } from "./shutdown.ts";
import { SpawnRequests } from "./spawn-request.ts";
import { applyScale, type Scaled } from "./scale.ts";
import { parseTopic } from "./topic.ts";
import { Turn } from "./turn.ts";

/** What a manager works with. */
export interface ManagerOptions {
  readonly host: ProcessHost;
  readonly clock: Clock;
  /** The environment jobs inherit: gaffer's own, less what is not for children. */
  readonly env: Readonly<Record<string, string>>;
  /** Folder of a job that names none; absolute. */
  readonly cwd: string;
  /** Events kept for late readers. @defaultValue `10_000` */
  readonly historyLimit?: number;
  /** Told of what went wrong inside, a listener or an app for one. @defaultValue throws nothing, says nothing */
  readonly onError?: (error: unknown) => void;
}

/** How a job is loaded. */
export interface LoadOptions {
  /** Session of a name that holds none. */
  readonly session?: string;
  /** Laid over the job's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it starts. @defaultValue the job's own `start` */
  readonly start?: boolean;
}

const nameOf = (config: JobConfig): string => config.name;
const byPriority = (a: JobConfig, b: JobConfig): number => (a.priority === b.priority ? 0 : a.priority - b.priority);

/**
 * Keeps jobs alive. Every command takes effect at once and throws {@link GafferError}, with nothing changed, when it can't
 * be carried out; its {@link Operation} tells when what it set off is over.
 */
export class Manager extends JobCatalog {
  /** Everything that happens, by topic. */
  readonly events: EventEmitter<GafferEvent>;
  readonly #log: EventLog;
  readonly #world: JobWorld;
  readonly #turn: Turn;
  readonly #onError: (error: unknown) => void;
  readonly #topics = new Map<string, (target: string) => Channel<object>>();
  #apps: readonly App[] = [];
  #started = false;
  /** It has begun to stop, and takes no new work. */
  #closing = false;
  /** Labels of those that had to be killed since. */
  readonly #killed: string[] = [];
  #stopped: Promise<Report> | undefined;
  #lastId = 0;

  constructor({ host, clock, env, cwd, historyLimit = HISTORY_LIMIT, onError = () => undefined }: ManagerOptions) {
    super();
    this.#onError = onError;
    this.#turn = new Turn(onError);
    this.events = new EventEmitter(onError);
    this.#log = new EventLog(clock, this.events, historyLimit);
    this.#world = {
      host,
      clock,
      turn: this.#turn,
      surroundings: { env, cwd },
      nextId: () => this.getProcessId(),
      publish: (kind, name, fields) => this.#publish(kind, name, fields),
      onError,
      onKilled: (label) => this.#closing && this.#killed.push(label),
      isOccupied: (name, number) => this.isLeaving(name, number),
      onVacant: (name, number) => {
        // An unloaded job leaves its place to one that was loaded under its name meanwhile.
        if (this.leaving.size > 0) this.#turn.input(() => this.loaded.get(name)?.fill(number));
      },
    };
  }

  #publish(kind: EventKind, name: string, fields: EventFields): void {
    const event = this.#log.record(kind, name, fields);
    this.#turn.tell(() => this.#log.publish(event));
  }

  /** Whether it takes commands. */
  get active(): boolean {
    return this.#started && !this.#closing;
  }

  get started(): boolean {
    return this.#started;
  }

  /** Number of the last event. */
  get seq(): number {
    return this.#log.seq;
  }

  /** Events after `seq`, of those that are kept. */
  eventsSince(seq: number): EventsSince {
    return this.#log.since(seq);
  }

  /** Attaches apps, in order; one that fails is told to `onError` and keeps no other from starting. */
  async start(apps: readonly App[] = []): Promise<void> {
    if (this.#started) throw new GafferError("bad_request", "Cannot start the manager: it is started already");
    this.#started = true;
    this.#apps = apps;
    for (const app of apps) await this.#guard(() => app.start(this));
  }

  async #guard(work: () => void | Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#onError(error);
    }
  }

  /** Refuses new work, stops every job in reverse order of priority, then the apps. A second call waits with the first. */
  async stop(callback?: (report: Report) => void): Promise<Report> {
    this.#closing = true;
    this.#stopped ??= this.#stopAll();
    const report = await this.#stopped;
    callback?.(report);
    return report;
  }

  async #stopAll(): Promise<Report> {
    await shutDown({ loaded: this.loaded.values(), leaving: this.leaving, turn: this.#turn });
    for (const app of this.#apps) await this.#guard(() => app.stop());
    this.#started = false;
    return { ...nothingLeft, killed: this.#killed };
  }

  /** SIGKILLs every process now; a {@link stop} under way then ends at once. */
  destroy(): void {
    this.#turn.run(() => [...this.loaded.values(), ...this.leaving].forEach((job) => job.destroy()));
  }

  /** Lets every app read again what may have changed, then replaces every process of every running job. */
  async restart(callback?: () => void): Promise<void> {
    this.#refuseWhenStopping("restart");
    for (const app of this.#apps) await this.#guard(() => app.restart?.());
    const active = this.#closing ? [] : [...this.loaded.values()].filter((job) => job.active);
    await Promise.all(active.map((job) => this.reload(job.name).done));
    callback?.();
  }

  #refuseWhenStopping(what: string): void {
    if (this.#closing) throw new GafferError("shutting_down", `Cannot ${what}: gaffer is stopping`);
  }

  /**
   * A channel of events: `EVENTS`, `EVENTS:<pattern>`, `JOB:<session.job>`, `PROCESS:<id>`, or of a source that
   * {@link provideTopic} added.
   *
   * @throws {@link GafferError} `bad_topic`; a source of its own may throw more.
   */
  subscribe(topic: `STATS:${string}` | `STREAM:${string}`): Channel<object>;
  subscribe(topic: string): Channel<GafferEvent>;
  subscribe(topic: string): Channel<object> {
    const { source, target } = parseTopic(topic);
    return this.#topics.get(source)?.(target) ?? new EventChannel(topic, this.events);
  }

  /** Adds topics `SOURCE:<target>` that come from elsewhere: STATS and STREAM do. */
  provideTopic(source: string, open: (target: string) => Channel<object>): void {
    this.#topics.set(source.toUpperCase(), open);
  }

  /** Ends a channel. */
  unsubscribe(_topic: string, channel: Channel<object>): void {
    channel.close();
  }

  /**
   * Takes a job in, and starts it unless it says otherwise.
   *
   * @throws {@link GafferError} `job_exists`, `job_invalid`, `bad_signal`, `shutting_down`.
   */
  load(settings: JobSettings, options: LoadOptions = {}): Operation<string> {
    this.#refuseWhenStopping("load a job");
    const config = this.#resolve(settings, options);
    if (this.loaded.has(config.name)) {
      throw new GafferError(
        "job_exists",
        `Cannot load job "${config.name}": it is loaded already (unload or update it)`,
      );
    }
    const job = new Job(config, this.#world);
    this.#turn.run(() => {
      this.loaded.set(config.name, job);
      job.publish("load", {});
      if (options.start ?? config.start) job.start();
    });
    return { result: config.name, done: job.settled() };
  }

  #resolve(settings: JobSettings, { session, env }: LoadOptions): JobConfig {
    const config = resolveJob(settings, session);
    return env === undefined ? config : { ...config, env: { ...config.env, ...env } };
  }

  /** Frees the name at once and stops what ran, to the end. @throws {@link GafferError} `job_not_found` */
  unload(nameOrConfig: string | JobConfig, session?: string): Operation<string> {
    const job = this.find(typeof nameOrConfig === "string" ? nameOrConfig : nameOrConfig.name, session);
    const done = this.#turn.run(() => this.#unload(job));
    return { result: job.name, done };
  }

  #unload(job: Job): Promise<Report> {
    this.loaded.delete(job.name);
    this.leaving.add(job);
    job.publish("unload", {});
    job.stop();
    const done = job.settled();
    void done.then(() => this.leaving.delete(job));
    return done;
  }

  /** Replaces all processes of a job with as many as its config says. */
  reload(name: string, session?: string): Operation<string> {
    return this.#command("reload", this.find(name, session), (job) => {
      job.publish("reload", {});
      if (job.numprocesses !== job.config.numprocesses) job.resize(job.config.numprocesses);
      job.replaceAll();
      return job.name;
    });
  }

  /**
   * Takes a job's new config and touches only what changed: processes are replaced when what they were spawned from did,
   * and a number that a scaling set stays unless the config's own changed.
   *
   * @param options - `start` starts a stopped job, too. @defaultValue it stays as it is
   * @throws {@link GafferError} `job_not_found`, `job_invalid`, `shutting_down`, with nothing changed.
   */
  update(settings: JobSettings, options: LoadOptions = {}): Operation<string> {
    const config = this.#resolve(settings, options);
    const { start = false } = options;
    return this.#command("update", this.find(config.name), (job) => {
      job.update(config, replacesProcesses(job.config, config));
      if (start && !job.active) job.start();
      return job.name;
    });
  }

  /**
   * Makes a session what `settings` say: unknown jobs are loaded, missing ones unloaded, changed ones updated. All are
   * checked before anything is touched.
   */
  applySession(session: string, settings: readonly JobSettings[]): Operation<Difference> {
    const configs = settings.map((one) => resolveJob(one, session));
    refuseStrangers(session, configs);
    return this.#apply(this.jobs(session), configs);
  }

  /**
   * Makes the jobs of a file, whatever their sessions, what `settings` say: those of `before` that it names no more are unloaded, all
   * others are left alone.
   *
   * @param before - full names of the jobs that the file named when it was last applied.
   */
  applyJobs(before: Iterable<string>, settings: readonly JobSettings[]): Operation<Difference> {
    const configs = settings.map((one) => resolveJob(one));
    return this.#apply(new Set([...before, ...configs.map(nameOf)]), configs);
  }

  #apply(names: Iterable<string>, configs: readonly JobConfig[]): Operation<Difference> {
    this.#refuseWhenStopping("apply jobs");
    refuseTwins(configs);
    for (const config of configs) SpawnRequests.check(config, this.#world.surroundings);
    const there = [...names].flatMap((name) => this.loaded.get(name)?.config ?? []);
    const { unchanged, changed, added, removed } = compareSession(there, configs);
    const operations = this.#turn.run(() => [
      ...removed.map((name) => this.unload(name)),
      ...changed.map((config) => this.update(config)),
      ...added.toSorted(byPriority).map((config) => this.load(config)),
    ]);
    const result = {
      unchanged: unchanged.map(nameOf),
      changed: changed.map(nameOf),
      added: added.map(nameOf),
      removed,
    };
    return { result, done: allDone(operations) };
  }

  #command<Result>(what: string, job: Job, work: (job: Job) => Result): Operation<Result> {
    this.#refuseWhenStopping(`${what} job "${job.name}"`);
    const result = this.#turn.run(() => work(job));
    return { result, done: job.settled() };
  }

  /** Starts a loaded job; failures it gave up after are forgotten. */
  startJob(name: string): Operation<string> {
    return this.#command("start", this.find(name), (job) => {
      job.start();
      return job.name;
    });
  }

  /** Stops every process of a job; it stays loaded and keeps its number of processes. */
  stopJob(name: string): Operation<string> {
    const job = this.find(name);
    this.#turn.run(() => job.stop());
    return { result: job.name, done: job.settled() };
  }

  /** Replaces a job's processes one after the other; halts when a replacement fails. */
  restartJob(name: string): Operation<string> {
    return this.#command("restart", this.find(name), (job) => {
      job.restart();
      return job.name;
    });
  }

  /**
   * Runs one process of a job once: it is not counted, not restarted, and ends with the job.
   *
   * @param gracefulTimeoutMs - how long its stop waits, in milliseconds. @defaultValue the job's own
   * @returns its number.
   */
  commit(name: string, gracefulTimeoutMs?: number, env: Readonly<Record<string, string>> = {}): number {
    const job = this.find(name);
    this.#refuseWhenStopping(`commit job "${job.name}"`);
    return this.#turn.run(() => job.commit(gracefulTimeoutMs, env).id);
  }

  /** Changes how many processes a job should have: `2`, `"+2"`, `-1`, `"-1"`, `"=3"`. Never below 0. */
  scale(name: string, n: number | string): Operation<Scaled> {
    const job = this.find(name);
    const scaled = applyScale(job.numprocesses, n);
    return this.#command("scale", job, () => {
      job.resize(scaled.numprocesses);
      return scaled;
    });
  }

  /** Fills slots that should run and hold nothing; those that wait for their next try go on waiting. */
  manage(name: string): Operation<string> {
    return this.#command("manage", this.find(name), (job) => {
      job.manage();
      return job.name;
    });
  }

  /** {@link manage} for every job. */
  wakeup(): void {
    for (const name of this.jobs()) this.manage(name);
  }

  /** The next number of a process: 1, 2, 3 …, never used twice. */
  getProcessId(): number {
    return ++this.#lastId;
  }

  /** Stops one process; another takes its place, unless `scaleDown` closes it. */
  stopProcess(id: number, options: { scaleDown?: boolean } = {}): Operation<boolean> {
    const process = this.findProcess(id);
    const job = this.ownerOf(process);
    const scaleDown = options.scaleDown === true && this.loaded.get(job.name) === job;
    const result = this.#turn.run(() => job.stopProcess(process, scaleDown));
    return { result, done: job.settled() };
  }

  /** Stops every process of a job; they are replaced as they go. */
  stopall(name: string): Operation<string> {
    return this.#command("stop the processes of", this.find(name), (job) => {
      job.stopAllOnce();
      return job.name;
    });
  }

  /**
   * Sends a signal to one process and its group now.
   *
   * @throws {@link GafferError} `process_not_found`, `bad_signal`; `not_running` before exec is confirmed and when the
   * leader is dead.
   */
  kill(id: number, signal: number | string): void {
    const number = parseSignal(signal);
    const process = this.findProcess(id);
    if (!process.active) throw new GafferError("not_running", `Cannot signal process ${id}: it is not running`);
    this.#turn.run(() => this.#signal(process, number));
  }

  /** Sends a signal to every running process of a job now. @throws {@link GafferError} `job_not_found`, `bad_signal` */
  killall(name: string, signal: number | string): void {
    const number = parseSignal(signal);
    const job = this.find(name);
    this.#turn.run(() => job.processes.forEach((process) => process.active && this.#signal(process, number)));
  }

  #signal(process: ManagedProcess, signum: number): void {
    this.#publish("kill", process.request.job, { ...processFields(process), signum });
    process.signal(signum);
  }

  /**
   * Writes to a process's stdin, or to one of its custom streams; each call is whole or refused.
   *
   * @throws {@link GafferError} `process_not_found`, `input_full`, `input_closed`, `stream_not_found`.
   */
  send(id: number, lines: string | Uint8Array | readonly string[], stream?: string): void {
    this.findProcess(id).write(inputBytes(lines), stream);
  }
}
