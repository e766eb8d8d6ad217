import type { GafferEvent } from "../../src/manager/gaffer-event.ts";
import type { JobStatus, SlotStatus } from "../../src/manager/job-status.ts";
import type { Manager } from "../../src/manager/manager.ts";
import type { ProcessState } from "../../src/manager/process-state.ts";
import type { FakeClock } from "../support/fake-clock.ts";
import type { FakeProcess } from "../support/fake-host.ts";
import type { JobModel } from "./job-model.ts";
import { broken, ProcessLedger } from "./process-ledger.ts";
import type { SimulatedHost } from "./simulated-host.ts";

/** A command that was given, and whether it was answered. */
export interface Given {
  readonly what: string;
  readonly model: JobModel | undefined;
  answered: boolean;
  /** How many commands its job had been given by then. */
  readonly after: number;
}

/** What {@link Watch} looks at. */
export interface Watched {
  readonly clock: FakeClock;
  readonly host: SimulatedHost;
  readonly manager: Manager;
  /** The jobs that should be loaded, by full name. */
  readonly models: ReadonlyMap<string, JobModel>;
  /** Commands that are not answered yet. */
  readonly given: ReadonlySet<Given>;
  /** Whether the manager was told to stop. */
  readonly stopping: () => boolean;
}

const endsPause: ReadonlySet<string> = new Set(["start", "stop", "unload", "reload", "restart"]);

/** What the host may hold for a slot in each state. */
const fits: Record<ProcessState, (process: FakeProcess | undefined) => boolean> = {
  stopped: (process) => process === undefined,
  backoff: (process) => process === undefined,
  failed: (process) => process === undefined,
  starting: (process) => process?.phase === "starting",
  running: (process) => process?.phase === "running",
  exited: (process) => process === undefined || process.phase === "exited",
  stopping: (process) => process?.gone === false,
};

const isAsked = (process: FakeProcess): boolean => process.signals.length > 0 || process.destroyed;

/** Holds a manager to its promises: looks at every event, and at the whole after every step. */
export class Watch {
  readonly #watched: Watched;
  readonly #ledger: ProcessLedger;
  #seq = 0;

  constructor(watched: Watched) {
    this.#watched = watched;
    this.#ledger = new ProcessLedger(watched.host, watched.models);
    watched.manager.events.subscribe(".", (_, event) => this.#onEvent(event));
  }

  #onEvent(event: GafferEvent): void {
    if (event.seq !== ++this.#seq) broken(`event ${event.seq} (${event.event}) came after ${this.#seq - 1}`);
    const { clock, models } = this.#watched;
    const model = models.get(event.name);
    if (model !== undefined && endsPause.has(event.event)) model.pauseEndsAt = 0;
    if (model !== undefined && event.event === "flap")
      model.pauseEndsAt = clock.monotonicMs() + (event.retry_in ?? 0) * 1000;
    this.#ledger.onEvent(event);
    if (event.event === "stop_process") this.#checkOrder(event.name);
    if (event.event === "stop_process") this.#checkSpared(event.pid ?? 0);
  }

  /** While the manager stops, a job is stopped only when those of higher numbers are empty. */
  #checkOrder(name: string): void {
    const { stopping, models, host } = this.#watched;
    if (!stopping()) return;
    const priority = models.get(name)?.settings.priority ?? Infinity;
    const early = host.living.find((one) => {
      const owner = this.#ledger.ownerOf(one);
      return owner !== undefined && !owner.unloaded && (owner.settings.priority ?? Infinity) > priority;
    });
    if (early !== undefined) broken(`${name} is stopped, and ${early.request.label} of a later priority lives`);
  }

  /** When the manager stops, detached processes that run are left to live on; nobody else is. */
  #checkSpared(pid: number): void {
    const { stopping, host } = this.#watched;
    const { request, phase } = host.process(pid);
    if (stopping() && request.detach && phase === "running" && !this.#ledger.ownerOf(host.process(pid))?.unloaded)
      broken(`${request.label} is detached and runs, and is stopped with the manager`);
  }

  #checkReleased(): void {
    const { stopping, host } = this.#watched;
    const wrong = host.processes.find(({ request, released }) => released && !(stopping() && request.detach));
    if (wrong !== undefined) broken(`${wrong.request.label} was let go of`);
  }

  /** Looks at the whole, between steps. */
  check(): void {
    const { manager, models, host } = this.#watched;
    const jobs = manager.status;
    if (jobs.length !== models.size) broken(`${jobs.length} jobs are loaded, it should be ${models.size}`);
    for (const job of jobs) this.#checkJob(job);
    const living = host.living;
    const ids = living.map((process) => process.request.id).join();
    const known = manager.pids().join();
    if (ids !== known) broken(`processes ${ids} live, the manager knows ${known}`);
    for (const process of living) this.#checkProcess(process);
    this.#checkTimers(jobs, living);
    this.#checkReleased();
    if (manager.seq !== this.#seq) broken(`seq is ${manager.seq}, ${this.#seq} events were told`);
  }

  #checkJob({ name, maxProcesses, active, slots }: JobStatus): void {
    const model = this.#watched.models.get(name) ?? broken(`${name} is loaded, and should not be`);
    if (maxProcesses !== model.numprocesses) broken(`${name} should have ${model.numprocesses}, not ${maxProcesses}`);
    if (active !== model.active) broken(`${name} is active: ${active}`);
    const numbers = slots.map((slot) => slot.slot);
    if (numbers.some((number, at) => at > 0 && number <= (numbers[at - 1] ?? 0)))
      broken(`${name} has slots ${numbers.join(" ")} out of order`);
    for (const number of model.open)
      if (active && !numbers.includes(number)) broken(`${name} lacks slot ${number} of ${numbers.join(" ")}`);
    for (const slot of slots) this.#checkSlot(`${name}.${slot.slot}`, slot, model);
  }

  #checkSlot(label: string, { slot, state, pid, restarts, reason }: SlotStatus, model: JobModel): void {
    const process = pid === undefined ? undefined : this.#watched.host.process(pid);
    if (!fits[state](process)) broken(`${label} is ${state}, its process ${pid} is ${process?.phase}`);
    if (!model.open.has(slot) && state !== "stopping") broken(`${label} is closed, and ${state}`);
    if (model.active) this.#checkWanted(label, state);
    else this.#checkUnwanted(label, state);
    const ends = this.#ledger.uncausedAt(label);
    if (restarts > ends) broken(`${label} counts ${restarts} restarts of ${ends} ends of its own`);
    if (state === "backoff") this.#checkBackoff(label, reason, model);
  }

  #checkUnwanted(label: string, state: ProcessState): void {
    const isIdle = state === "stopped" || state === "stopping" || this.#watched.stopping();
    if (!isIdle) broken(`${label} is ${state} in a stopped job`);
  }

  /** A slot that should run waits only for what an unloaded job of the same name has left in its place. */
  #checkWanted(label: string, state: ProcessState): void {
    if (state !== "stopped") return;
    const isOccupied = this.#watched.host.living.some((process) => process.request.label === label);
    if (!isOccupied) broken(`${label} should run, its place is free, and nothing starts it`);
  }

  #checkBackoff(label: string, reason: string, model: JobModel): void {
    const { clock, given } = this.#watched;
    if (!this.#ledger.uncaused.has(this.#ledger.lastAt(label))) broken(`${label} is held back for an end we caused`);
    if (reason === "") broken(`${label} does not say why it waits`);
    if (!reason.startsWith("flapping") || model.pauseEndsAt >= clock.monotonicMs()) return;
    // A restart one by one ends the pause, and comes to this slot in its turn.
    const isQueued = [...given].some((one) => one.model === model);
    if (!isQueued) broken(`${label} waits for the end of a pause that is over`);
  }

  #checkProcess(process: FakeProcess): void {
    const { id, label } = process.request;
    const isSpawned = process.phase !== "starting";
    if (isSpawned !== this.#ledger.spawned.has(id)) broken(`process ${id} is ${process.phase}, the events disagree`);
    if (this.#ledger.ended.has(id)) broken(`process ${id} is said to be gone`);
    if (isAsked(process)) return;
    if (process.phase === "exited" && process.survivors) broken(`what ${label} left behind was not asked to stop`);
    if (process.phase === "running" && this.#shouldEnd(process)) broken(`${label} was not asked to stop`);
  }

  #shouldEnd(process: FakeProcess): boolean {
    const owner = this.#ledger.ownerOf(process);
    if (owner === undefined || owner.unloaded) return true;
    const { slot } = process.request;
    return slot > 0 && !this.#watched.stopping() && !(owner.active && owner.open.has(slot));
  }

  #checkTimers(jobs: readonly JobStatus[], living: readonly FakeProcess[]): void {
    const { clock, models } = this.#watched;
    const waiting = jobs
      .flatMap((job) => job.slots)
      .filter((slot) => slot.state === "backoff" && !slot.reason.startsWith("flapping")).length;
    const paused = [...models.values()].filter((model) => model.pauseEndsAt >= clock.monotonicMs()).length;
    const ending = living.filter(
      (one) => one.phase === "exited" || isAsked(one) || this.#ledger.told.has(one.request.id),
    ).length;
    const most = waiting + paused + ending;
    if (clock.pending > most) broken(`${clock.pending} timers wait, ${most} have a purpose`);
    if (clock.pending < waiting) broken(`${clock.pending} timers wait, ${waiting} slots wait for one`);
  }

  /** Every command on a job where nothing is under way must have been answered; called when promises had their turn. */
  checkAnswers(): void {
    for (const { what, model } of this.#watched.given)
      if (model !== undefined && !this.#isBusy(model)) broken(`${what} is not answered, and nothing is under way`);
  }

  /** A stop is answered when nothing is left, and not before. */
  checkAnswer({ what, model, after }: Given): void {
    const { host } = this.#watched;
    if (what === "stop of the manager" && host.living.length > 0)
      broken(`${what} is answered, ${host.labels.join(" ")} live`);
    if (model === undefined || !/^(stop|unload) default/.test(what)) return;
    if (model.commands !== after || model.active) return;
    // What is committed to a stopped job is no matter of that stop.
    const mine = host.living.filter(
      (process) => this.#ledger.ownerOf(process) === model && (process.request.slot > 0 || model.unloaded),
    );
    if (mine.length > 0) broken(`${what} is answered, and ${mine[0]?.request.label} lives`);
  }

  #isBusy(model: JobModel): boolean {
    const { manager, host, models } = this.#watched;
    const mine = host.living.filter((process) => this.#ledger.ownerOf(process) === model);
    const { name } = model.settings;
    if (models.get(name) !== model) return mine.length > 0;
    if (mine.some((process) => process.phase !== "running" || this.#ledger.told.has(process.request.id))) return true;
    return manager.info(name).slots.some((slot) => slot.state === "stopped" && model.active);
  }

  /** Looks at what must be true when everything is over. */
  checkEnd(): void {
    const { clock, host, manager, given } = this.#watched;
    if (host.living.length > 0) broken(`left after stop: ${host.labels.join(" ")}`);
    if (clock.pending > 0) broken(`${clock.pending} timers are left after stop`);
    if (manager.pids().length > 0) broken(`the manager still knows ${manager.pids().join()}`);
    if (given.size > 0) broken(`never answered: ${Array.from(given, (one) => one.what).join(", ")}`);
    const untold = host.processes.find(({ request, released }) => !released && !this.#ledger.ended.has(request.id));
    if (untold !== undefined) broken(`the end of process ${untold.request.id} was never told`);
  }
}
