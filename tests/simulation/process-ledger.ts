import type { EventKind, GafferEvent } from "../../src/manager/gaffer-event.ts";
import type { FakeProcess } from "../support/fake-host.ts";
import type { JobModel } from "./job-model.ts";
import type { SimulatedHost } from "./simulated-host.ts";

/** Ends a history: a promise is broken. */
export function broken(fact: string): never {
  throw new Error(`invariant broken: ${fact}`);
}

/** What became of each process, as the host saw it and as the events told it; the two are compared at every event. */
export class ProcessLedger {
  /** Processes whose spawn was told. */
  readonly spawned: Set<number> = new Set<number>();
  /** Processes whose end was told. */
  readonly ended: Set<number> = new Set<number>();
  /** Processes whose end the manager announced: it is no fault of theirs. */
  readonly told: Set<number> = new Set<number>();
  /** Processes that ended, or could not be started, with nobody having asked for it. */
  readonly uncaused: Set<number> = new Set<number>();
  readonly #host: SimulatedHost;
  readonly #models: ReadonlyMap<string, JobModel>;
  readonly #killedBy = new Map<number, number>();
  readonly #uncausedAt = new Map<string, number>();
  readonly #lastAt = new Map<string, number>();
  readonly #owners = new Map<number, JobModel>();

  constructor(host: SimulatedHost, models: ReadonlyMap<string, JobModel>) {
    this.#host = host;
    this.#models = models;
    host.beforeSpawn = (process) => this.#onSpawn(process);
    host.beforeExit = (process, signal) => this.#onExit(process, signal);
  }

  /** The account of the job that a process was spawned for. */
  ownerOf(process: FakeProcess): JobModel | undefined {
    return this.#owners.get(process.request.id);
  }

  /** How many processes of a label ended with nobody having asked for it. */
  uncausedAt(label: string): number {
    return this.#uncausedAt.get(label) ?? 0;
  }

  /** The process that was spawned last at a label. */
  lastAt(label: string): number {
    return this.#lastAt.get(label) ?? 0;
  }

  #onSpawn(process: FakeProcess): void {
    const { id, label, job, slot } = process.request;
    const model = this.#models.get(job) ?? broken(`${label} is spawned, and the job is not loaded`);
    this.#owners.set(id, model);
    this.#lastAt.set(label, id);
    if (slot === 0 && !model.committing) broken(`${label} is spawned, and was not committed`);
    if (slot === 0) return;
    const twin = this.#host.living.find((one) => one !== process && one.request.label === label);
    if (twin !== undefined) broken(`two processes in ${label}: ${twin.request.id} is there, ${id} is spawned`);
    if (!(model.active && model.open.has(slot))) broken(`${label} is spawned, and should not run`);
  }

  #onExit(process: FakeProcess, signal: number | null): void {
    const { id, slot, label } = process.request;
    const isOurs = this.told.has(id) || process.destroyed || (signal !== null && this.#killedBy.get(id) === signal);
    if (slot > 0 && !isOurs) this.#noteUncaused(id, label);
  }

  #noteUncaused(id: number, label: string): void {
    this.uncaused.add(id);
    this.#uncausedAt.set(label, this.uncausedAt(label) + 1);
  }

  readonly #handlers: Partial<Record<EventKind, (event: GafferEvent, pid: number) => void>> = {
    spawn: (_, pid) => {
      if (this.spawned.has(pid)) broken(`process ${pid} is spawned twice`);
      this.spawned.add(pid);
    },
    spawn_failed: (event, pid) => {
      if (this.spawned.has(pid) || this.ended.has(pid)) broken(`process ${pid} failed to spawn after its spawn`);
      this.ended.add(pid);
      if (!this.told.has(pid) && event.slot !== 0) this.#noteUncaused(pid, `${event.name}.${event.slot}`);
    },
    exit: (event, pid) => this.#onExitEvent(event, pid),
    kill: ({ signum = 0 }, pid) => this.#killedBy.set(pid, signum),
    stop_process: (_, pid) => this.told.add(pid),
    reap: (_, pid) => this.told.add(pid),
  };

  /** Takes note of an event. */
  onEvent(event: GafferEvent): void {
    if (event.pid !== undefined) this.#handlers[event.event]?.(event, event.pid);
  }

  #onExitEvent(event: GafferEvent, pid: number): void {
    if (!this.spawned.has(pid)) broken(`process ${pid} exits without spawn`);
    if (this.ended.has(pid)) broken(`process ${pid} exits twice`);
    this.ended.add(pid);
    const process = this.#host.process(pid);
    if (!process.gone) broken(`process ${pid} is said to have exited, and something of it is left`);
    const { spawnedAt, exitedAt } = this.#host.nature(process);
    const uptimeMs = (event.uptime ?? -1) * 1000;
    if (Math.abs(uptimeMs - (exitedAt - spawnedAt)) > 1)
      broken(`process ${pid} is said to have lived ${uptimeMs} ms, it was ${exitedAt - spawnedAt}`);
    if (event.once !== (event.slot === 0)) broken(`process ${pid} is said to have run once: ${event.once}`);
  }
}
