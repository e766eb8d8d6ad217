import type { FakeClock } from "../support/fake-clock.ts";
import type { FakeProcess } from "../support/fake-host.ts";
import type { GafferEvent } from "../../src/manager/gaffer-event.ts";
import type { Manager } from "../../src/manager/manager.ts";
import type { JobModel } from "./job-model.ts";
import type { SimulatedHost } from "./simulated-host.ts";

/** A command that was given, and whether it was answered. */
export interface Given {
  readonly what: string;
  readonly model: JobModel | undefined;
  answered: boolean;
}

/** What {@link Watch} looks at. */
export interface Watched {
  readonly clock: FakeClock;
  readonly host: SimulatedHost;
  readonly manager: Manager;
  /** The jobs that should be loaded, by full name. */
  readonly models: ReadonlyMap<string, JobModel>;
  readonly given: readonly Given[];
  /** Whether the manager was told to stop. */
  readonly stopping: () => boolean;
}

const resting: ReadonlySet<string> = new Set(["running", "backoff", "failed", "stopped", "exited"]);

/** Holds a manager to its promises: looks at every spawn and event, and at the whole after every step. */
export class Watch {
  readonly #watched: Watched;
  #seq = 0;
  readonly #spawned = new Set<number>();
  readonly #ended = new Set<number>();
  /** Processes whose end the manager announced, so that it is no fault of theirs. */
  readonly #told = new Set<number>();
  readonly #killedBy = new Map<number, number>();
  readonly #uncaused = new Set<number>();
  readonly #uncausedAt = new Map<string, number>();
  readonly #lastAt = new Map<string, number>();
  /** Which account of a job each process belongs to. */
  readonly #ownerOf = new Map<number, JobModel>();

  constructor(watched: Watched) {
    this.#watched = watched;
    const { host, manager } = watched;
    host.beforeSpawn = (process) => this.#onSpawn(process);
    host.beforeExit = (process, signal) => this.#onExit(process, signal);
    manager.events.subscribe(".", (_, event) => this.#onEvent(event));
  }

  #fail(fact: string): never {
    throw new Error(`invariant broken: ${fact}`);
  }

  #onSpawn(process: FakeProcess): void {
    const { id, label, job, slot } = process.request;
    const { host, models } = this.#watched;
    const model = models.get(job);
    const twin = host.living.find((one) => one !== process && slot > 0 && one.request.label === label);
    if (twin !== undefined) this.#fail(`two processes in ${label}: ${twin.request.id} is there, ${id} is spawned`);
    if (model === undefined) this.#fail(`${label} is spawned, and the job is not loaded`);
    if (slot > 0 && !(model.active && model.open.has(slot))) this.#fail(`${label} is spawned, and should not run`);
    if (slot === 0 && !model.committing) this.#fail(`${label} is spawned, and was not committed`);
    if (slot === 0) model.committed.add(id);
    this.#ownerOf.set(id, model);
    this.#lastAt.set(label, id);
  }

  #onExit(process: FakeProcess, signal: number | null): void {
    const { id, slot, label } = process.request;
    if (slot === 0 || this.#told.has(id) || process.destroyed) return;
    if (signal !== null && this.#killedBy.get(id) === signal) return;
    this.#noteUncaused(id, label);
  }

  #noteUncaused(id: number, label: string): void {
    this.#uncaused.add(id);
    this.#uncausedAt.set(label, (this.#uncausedAt.get(label) ?? 0) + 1);
  }

  #onEvent(event: GafferEvent): void {
    if (event.seq !== ++this.#seq) this.#fail(`event ${event.seq} (${event.event}) came after ${this.#seq - 1}`);
    const { pid } = event;
    const { clock, models } = this.#watched;
    const model = models.get(event.name);
    if (event.event === "flap" && model !== undefined)
      model.pauseEndsAt = clock.monotonicMs() + (event.retry_in ?? 0) * 1000;
    if (["start", "stop", "unload", "reload", "restart"].includes(event.event) && model !== undefined)
      model.pauseEndsAt = 0;
    if (pid === undefined) return;
    switch (event.event) {
      case "spawn":
        if (this.#spawned.has(pid)) this.#fail(`process ${pid} is spawned twice`);
        this.#spawned.add(pid);
        return;
      case "spawn_failed":
        if (this.#spawned.has(pid) || this.#ended.has(pid))
          this.#fail(`process ${pid} failed to spawn after its spawn`);
        this.#ended.add(pid);
        if (!this.#told.has(pid) && event.slot !== 0) this.#noteUncaused(pid, `${event.name}.${event.slot}`);
        return;
      case "exit":
        this.#onExitEvent(event, pid);
        return;
      case "kill":
        this.#killedBy.set(pid, event.signum ?? 0);
        return;
      case "stop_process":
      case "reap":
        this.#told.add(pid);
        this.#checkOrder(event.name);
        return;
      default:
    }
  }

  #onExitEvent(event: GafferEvent, pid: number): void {
    const { host } = this.#watched;
    if (!this.#spawned.has(pid)) this.#fail(`process ${pid} exits without spawn`);
    if (this.#ended.has(pid)) this.#fail(`process ${pid} exits twice`);
    this.#ended.add(pid);
    const process = host.process(pid);
    if (!process.gone) this.#fail(`process ${pid} is said to have exited, and something of it is left`);
    const { spawnedAt, exitedAt } = host.nature(process);
    if (Math.abs((event.uptime ?? -1) * 1000 - (exitedAt - spawnedAt)) > 1)
      this.#fail(`process ${pid} is said to have lived ${event.uptime} s, it was ${exitedAt - spawnedAt} ms`);
    if (event.once !== (event.slot === 0)) this.#fail(`process ${pid} is said to have run once: ${event.once}`);
  }

  /** While the manager stops, a job is stopped only when those of higher numbers are empty. */
  #checkOrder(name: string): void {
    const { stopping, models, host } = this.#watched;
    if (!stopping()) return;
    const priority = models.get(name)?.settings.priority ?? Infinity;
    const early = host.living.find((one) => {
      const owner = this.#ownerOf.get(one.request.id);
      return owner !== undefined && !owner.unloaded && (owner.settings.priority ?? Infinity) > priority;
    });
    if (early !== undefined) this.#fail(`${name} is stopped, and ${early.request.label} of a later priority lives`);
  }

  /** Looks at the whole, between steps. */
  check(): void {
    this.#checkJobs();
    this.#checkProcesses();
    this.#checkTimers();
    if (this.#watched.manager.seq !== this.#seq)
      this.#fail(`seq is ${this.#watched.manager.seq}, ${this.#seq} were told`);
  }

  #checkJobs(): void {
    const { manager, models } = this.#watched;
    const loaded = manager.status;
    if (loaded.length !== models.size) this.#fail(`${loaded.length} jobs are loaded, it should be ${models.size}`);
    for (const status of loaded) this.#checkJob(status);
  }

  #checkJob(status: Manager["status"][number]): void {
    const { models, stopping } = this.#watched;
    const model = models.get(status.name);
    if (model === undefined) this.#fail(`${status.name} is loaded, and should not be`);
    if (status.maxProcesses !== model.numprocesses)
      this.#fail(`${status.name} should have ${status.maxProcesses}, not ${model.numprocesses}`);
    if (status.active !== model.active && !stopping()) this.#fail(`${status.name} is active: ${status.active}`);
    const numbers = status.slots.map((slot) => slot.slot);
    if (numbers.some((number, at) => at > 0 && number <= (numbers[at - 1] ?? 0)))
      this.#fail(`${status.name} has slots ${numbers.join(" ")} out of order`);
    for (const number of model.open)
      if (model.active && !numbers.includes(number)) this.#fail(`${status.name} lacks slot ${number}`);
    for (const slot of status.slots) this.#checkSlot(status.name, slot, model);
  }

  #checkSlot(name: string, slot: Manager["status"][number]["slots"][number], model: JobModel): void {
    const { host, clock, given } = this.#watched;
    const label = `${name}.${slot.slot}`;
    const process = slot.pid === undefined ? undefined : host.process(slot.pid);
    const fits: Record<typeof slot.state, boolean> = {
      stopped: process === undefined,
      backoff: process === undefined,
      failed: process === undefined,
      starting: process?.phase === "starting",
      running: process?.phase === "running",
      exited: process === undefined || process.phase === "exited",
      stopping: process !== undefined && !process.gone,
    };
    if (!fits[slot.state]) this.#fail(`${label} is ${slot.state}, its process ${slot.pid} is ${process?.phase}`);
    if (!model.open.has(slot.slot) && !["stopping"].includes(slot.state))
      this.#fail(`${label} is closed, and ${slot.state}`);
    if (slot.restarts > (this.#uncausedAt.get(label) ?? 0))
      this.#fail(`${label} counts ${slot.restarts} restarts of ${this.#uncausedAt.get(label) ?? 0} ends of its own`);
    if (!model.active && !["stopped", "stopping"].includes(slot.state) && !this.#watched.stopping())
      this.#fail(`${label} is ${slot.state} in a stopped job`);
    if (slot.state !== "backoff") return;
    if (!this.#uncaused.has(this.#lastAt.get(label) ?? 0))
      this.#fail(`${label} is held back for an end that we caused`);
    const isHeld = slot.reason.startsWith("flapping") && model.pauseEndsAt < clock.monotonicMs();
    const isQueued = given.some((one) => one.model === model && !one.answered);
    if (isHeld && !isQueued) this.#fail(`${label} waits for the end of a pause that is over`);
  }

  #checkProcesses(): void {
    const { host, manager } = this.#watched;
    const { living } = host;
    const ids = living.map((process) => process.request.id).toSorted((a, b) => a - b);
    const known = manager.pids();
    if (ids.join() !== known.join()) this.#fail(`processes ${ids.join()} live, the manager knows ${known.join()}`);
    for (const process of living) {
      const { id, label, slot, job } = process.request;
      const isSpawned = process.phase !== "starting";
      if (isSpawned !== this.#spawned.has(id))
        this.#fail(`process ${id} was spawned: ${isSpawned}, and no event says so`);
      if (this.#ended.has(id)) this.#fail(`process ${id} is said to be gone`);
      if (process.phase === "exited" && process.survivors && process.signals.length === 0 && !process.destroyed)
        this.#fail(`what ${label} left behind was not asked to stop`);
      const owner = this.#ownerOf.get(id);
      const shouldEnd =
        owner?.unloaded === true || (slot > 0 && owner?.active === false && owner === this.#watched.models.get(job));
      if (shouldEnd && process.phase === "running" && process.signals.length === 0 && !process.destroyed)
        if (!this.#watched.stopping()) this.#fail(`${label} of a stopped job was not asked to stop`);
    }
  }

  #checkTimers(): void {
    const { clock, host, manager, models } = this.#watched;
    const waiting = manager.status
      .flatMap((job) => job.slots)
      .filter((slot) => slot.state === "backoff" && !slot.reason.startsWith("flapping")).length;
    const paused = [...models.values()].filter((model) => model.pauseEndsAt >= clock.monotonicMs()).length;
    const ending = host.living.filter(
      (one) => one.phase === "exited" || (one.phase === "running" && (one.signals.length > 0 || one.destroyed)),
    ).length;
    const starting = host.living.filter((one) => one.phase === "starting" && this.#told.has(one.request.id)).length;
    const most = waiting + paused + ending + starting;
    if (clock.pending > most) this.#fail(`${clock.pending} timers wait, ${most} have a purpose`);
    if (clock.pending < waiting) this.#fail(`${clock.pending} timers wait, ${waiting} slots wait for one`);
  }

  /** Every command on a job where nothing is under way must have been answered; called when promises had their turn. */
  checkAnswers(): void {
    const { given, manager, host, models } = this.#watched;
    for (const one of given) {
      if (one.answered || one.model === undefined) continue;
      const { model } = one;
      const mine = host.living.filter(({ request }) => this.#ownerOf.get(request.id) === model);
      const name = model.settings.name;
      const isLoaded = models.get(name) === model;
      const slots = isLoaded ? manager.info(name).slots : [];
      const isBusy =
        slots.some((slot) => !resting.has(slot.state) || (slot.state === "exited" && slot.pid !== undefined)) ||
        mine.some((process) => process.phase !== "running" || this.#told.has(process.request.id)) ||
        slots.some((slot) => slot.state === "stopped" && model.active);
      if (!isBusy && (isLoaded || mine.length === 0))
        this.#fail(`${one.what} is not answered, and nothing is under way`);
    }
  }

  /** Looks at what must be true when everything is over. */
  checkEnd(): void {
    const { clock, host, manager, given } = this.#watched;
    if (host.living.length > 0) this.#fail(`left after stop: ${host.labels.join(" ")}`);
    if (clock.pending > 0) this.#fail(`${clock.pending} timers are left after stop`);
    if (manager.pids().length > 0) this.#fail(`the manager still knows ${manager.pids().join()}`);
    const open = given.filter((one) => !one.answered).map((one) => one.what);
    if (open.length > 0) this.#fail(`never answered: ${open.join(", ")}`);
    for (const { request } of host.processes)
      if (!this.#ended.has(request.id)) this.#fail(`the end of process ${request.id} was never told`);
  }
}
