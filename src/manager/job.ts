import type { Timer } from "./clock.ts";
import { Committed } from "./committed.ts";
import type { EventFields, EventKind } from "./gaffer-event.ts";
import type { JobConfig } from "./job-config.ts";
import { type HeldJob, Holdback } from "./holdback.ts";
import { ManagedProcess, type ProcessWorld, type StopPolicy } from "./managed-process.ts";
import { processFields } from "./process-fields.ts";
import type { Report } from "./operation.ts";
import { Settlement } from "./settlement.ts";
import { type ChainedJob, RestartChain } from "./restart-chain.ts";
import { isRestarted } from "./restart-policy.ts";
import { type Life, Slot, type SlotJob, type Verdict } from "./slot.ts";
import { SlotRow } from "./slot-row.ts";
import { SpawnRequests, type Surroundings } from "./spawn-request.ts";

/** What a job needs of its manager. */
export interface JobWorld extends ProcessWorld {
  readonly surroundings: Surroundings;
  /** The next number of a process. */
  nextId(): number;
  publish(kind: EventKind, name: string, fields: EventFields): void;
  onError(error: unknown): void;
  /** A process had to be killed by SIGKILL. */
  onKilled(label: string): void;
  /** Whether an unloaded job of the same name still has a process in slot `number`. */
  isOccupied(name: string, number: number): boolean;
  /** A slot of a job that does not want it is empty. */
  onVacant(name: string, number: number): void;
}

/** A named thing to keep running: its slots, what was committed to it, and when it is held back. */
export class Job implements SlotJob, HeldJob, ChainedJob, StopPolicy {
  #config: JobConfig;
  #requests: SpawnRequests;
  #holdback: Holdback | undefined;
  /** Whether it should run. */
  active = false;
  /** How many processes it should have; scaling keeps over stop and start. */
  numprocesses: number;
  readonly #world: JobWorld;
  readonly #row: SlotRow = new SlotRow((number) => new Slot(number, this));
  readonly #committed = new Set<Committed>();
  readonly #chain = new RestartChain(this);
  #restAsked = false;
  readonly #settlement = new Settlement(() => this.#report());

  /** @throws {@link GafferError} `job_invalid` if the command cannot be what it says. */
  constructor(config: JobConfig, world: JobWorld) {
    this.#config = config;
    this.#world = world;
    this.numprocesses = config.numprocesses;
    this.#requests = new SpawnRequests(config, world.surroundings);
    this.#holdback = config.flapping && new Holdback(config.flapping, this);
  }

  get config(): JobConfig {
    return this.#config;
  }

  get name(): string {
    return this.#config.name;
  }

  get stopSignal(): number {
    return this.#config.stopSignal;
  }

  get gracefulTimeoutMs(): number {
    return this.#config.gracefulTimeoutMs;
  }

  get clock(): JobWorld["clock"] {
    return this.#world.clock;
  }

  /** Slots in order of their numbers. */
  get slots(): readonly Slot[] {
    return this.#row.all;
  }

  /** Processes in slots, by slot. */
  get kept(): ManagedProcess[] {
    return this.slots.flatMap((slot) => slot.process ?? []);
  }

  /** Committed processes, by age. */
  get committed(): ManagedProcess[] {
    return [...this.#committed].map((one) => one.process);
  }

  get processes(): ManagedProcess[] {
    return [...this.kept, ...this.committed];
  }

  /** Nothing is under way: what should run runs, waits or has given up, and nothing is being stopped. */
  get atRest(): boolean {
    return (
      !this.#chain.busy &&
      this.slots.every((slot) => slot.atRest) &&
      [...this.#committed].every(({ process }) => process.active && !process.stopping)
    );
  }

  /** Nothing of it is left. */
  get empty(): boolean {
    return this.#committed.size === 0 && this.slots.every((slot) => slot.process === undefined);
  }

  /** Starts what should run and does not; forgets every earlier failure. */
  start(): void {
    this.active = true;
    this.#holdback?.reset();
    this.publish("start", {});
    this.#row.openTo(this.numprocesses);
    for (const slot of this.slots) slot.start();
  }

  /** Stops everything of it; it stays loaded. */
  stop(): void {
    this.active = false;
    this.#holdback?.reset();
    this.#chain.cancel();
    this.publish("stop", {});
    for (const slot of this.slots.toReversed()) this.#stopSlot(slot);
    for (const { process } of this.#committed) this.#tellStop(process);
    for (const { process } of this.#committed) process.stop();
  }

  #stopSlot(slot: Slot): void {
    if (slot.process !== undefined) this.#tellStop(slot.process);
    slot.stop();
  }

  #tellStop(process: ManagedProcess): void {
    if (!process.stopping) this.publish("stop_process", processFields(process));
  }

  /** SIGKILLs everything of it now; what a stop has begun ends at once. */
  destroy(): void {
    this.active = false;
    this.#holdback?.reset();
    this.#chain.cancel();
    for (const slot of this.slots) slot.destroy();
    for (const { process } of this.#committed) process.destroy();
  }

  /** Replaces every process of the slots; those that wait start now. */
  replaceAll(): void {
    this.#chain.cancel();
    this.#holdback?.reset();
    for (const slot of this.slots) {
      if (slot.process !== undefined) this.#tellStop(slot.process);
      if (this.wants(slot)) slot.recycle();
      else slot.stop();
    }
  }

  /**
   * Stops one process; another takes its place, unless `scaleDown` takes the place away, too.
   *
   * @returns whether another follows.
   */
  stopProcess(process: ManagedProcess, scaleDown: boolean): boolean {
    const slot = this.slots.find((one) => one.process === process);
    if (slot === undefined) {
      this.#tellStop(process);
      process.stop();
      return false;
    }
    if (scaleDown && slot.open) {
      this.numprocesses--;
      this.publish("update", { numprocesses: this.numprocesses });
      this.#reap(slot);
    } else this.#stopSlot(slot);
    return this.wants(slot);
  }

  /** Stops every process; the slots are filled again as they fall empty. */
  stopAllOnce(): void {
    for (const slot of this.slots) if (slot.process !== undefined) this.#stopSlot(slot);
    for (const { process } of this.#committed) {
      this.#tellStop(process);
      process.stop();
    }
  }

  /** Replaces the processes one after the other, and halts when a replacement fails. */
  restart(): void {
    this.publish("restart", {});
    this.#holdback?.reset();
    if (!this.active) return this.start();
    this.#row.openTo(this.numprocesses);
    this.#chain.begin(this.#row.open);
  }

  recycle(slot: Slot): void {
    if (slot.process !== undefined) this.#tellStop(slot.process);
    slot.recycle();
  }

  later(work: () => void): void {
    this.#world.turn.input(work);
  }

  /** What waited for the end of a pause that the restart ended is tried now, its turn will not come. */
  onHalt(): void {
    for (const slot of this.slots) if (this.wants(slot)) slot.retry();
  }

  /** Fills no slot any more; what runs goes on until it is stopped. */
  freeze(): void {
    this.active = false;
    this.#holdback?.reset();
    this.#chain.cancel();
    for (const slot of this.slots) if (slot.process === undefined) slot.stop();
  }

  /** Ends with gaffer: everything of it is stopped, but detached processes that run live on. */
  leave(): void {
    if (!this.#row.release() || !this.empty) this.stop();
  }

  /** The place of a slot has fallen free. */
  fill(number: number): void {
    const slot = this.#row.at(number);
    if (slot?.state === "stopped" && this.wants(slot)) slot.start();
  }

  /** Makes the number of processes what it should be. */
  resize(numprocesses: number): void {
    this.numprocesses = numprocesses;
    this.publish("update", { numprocesses });
    for (const slot of this.#row.open.slice(numprocesses).toReversed()) this.#reap(slot);
    this.manage();
  }

  /** Fills slots that should run and hold nothing; those that wait for their next try go on waiting. */
  manage(): void {
    this.#row.openTo(this.numprocesses);
    if (!this.active) return;
    for (const slot of this.slots) if (slot.state === "stopped" && this.wants(slot)) slot.start();
  }

  /** Closes a slot: it is emptied, and not filled again. */
  #reap(slot: Slot): void {
    slot.open = false;
    const process = slot.process;
    if (process?.stopping === false) this.publish("reap", processFields(process));
    slot.stop();
    this.onChange(slot);
  }

  /**
   * Takes a changed config: processes are replaced only when what they were spawned from changed.
   *
   * @param replaces - whether they are.
   * @throws {@link GafferError} `job_invalid`, with nothing changed.
   */
  update(config: JobConfig, replaces: boolean): void {
    const requests = new SpawnRequests(config, this.#world.surroundings);
    const isResized = config.numprocesses !== this.#config.numprocesses;
    this.#config = config;
    this.#requests = requests;
    this.#holdback?.reset();
    this.#holdback = config.flapping && new Holdback(config.flapping, this);
    const count = isResized ? config.numprocesses : this.numprocesses;
    // Slots that are closed anyway need no replacement, and those that are opened begin with the new config.
    const isLess = count < this.numprocesses;
    if (isLess) this.resize(count);
    if (replaces && this.active) this.replaceAll();
    else if (this.active) for (const slot of this.slots) slot.retry();
    if (!isLess) this.resize(count);
  }

  /** Runs one process once, outside the slots. */
  commit(gracefulTimeoutMs: number | undefined, env: Readonly<Record<string, string>>): ManagedProcess {
    const id = this.#world.nextId();
    const policy = { stopSignal: this.stopSignal, gracefulTimeoutMs: gracefulTimeoutMs ?? this.gracefulTimeoutMs };
    const one: Committed = new Committed({
      request: this.#requests.for({ id, slot: 0, env, stop: policy }),
      world: this.#world,
      policy,
      publish: (kind, fields) => this.publish(kind, fields),
      onSpawned: () => this.#rested(),
      onKilled: () => this.#killed(one.process.label),
      onGone: () => {
        this.#committed.delete(one);
        this.#rested();
      },
    });
    this.#committed.add(one);
    one.process.spawn();
    return one.process;
  }

  /** Resolves with what came of it once the job is at rest. */
  settled(): Promise<Report> {
    const done = this.#settlement.wait();
    // A turn of its own: at rest already, it is answered at its end.
    this.#world.turn.input(() => this.#rested());
    return done;
  }

  #rested(): void {
    if (this.#restAsked || this.#settlement.waiting === 0) return;
    this.#restAsked = true;
    this.#world.turn.tell(() => {
      this.#restAsked = false;
      if (this.atRest) this.#settlement.settle();
    });
  }

  #report(): Omit<Report, "killed"> {
    const running = this.kept.filter((process) => process.active).length;
    const wanted = this.active ? this.numprocesses : 0;
    const problems = this.slots
      .filter((slot) => this.wants(slot) && slot.state !== "running")
      .map((slot) => ({ label: `${this.name}.${slot.number}`, reason: slot.reason }));
    return { running, wanted, problems };
  }

  wants(slot: Slot): boolean {
    return this.active && slot.open;
  }

  isOccupied(slot: Slot): boolean {
    return this.#world.isOccupied(this.name, slot.number);
  }

  prepare(slot: Slot): ManagedProcess {
    const request = this.#requests.for({ id: this.#world.nextId(), slot: slot.number });
    return new ManagedProcess(request, { world: this.#world, owner: slot, policy: this, once: false });
  }

  publish(kind: EventKind, fields: EventFields): void {
    this.#world.publish(kind, this.name, fields);
  }

  judge(slot: Slot, life: Life): Verdict {
    if (!isRestarted(this.#config.restart, life.status)) {
      if (life.status !== undefined) return { kind: "rest" };
      return { kind: "give-up", reason: `${slot.lastExit?.reason ?? "could not be started"}; restart is never` };
    }
    // An end by a signal that we were told to send is no failure of the job.
    if (life.asked) return { kind: "retry", delayMs: 0 };
    const delayMs = slot.delay.next(life.livedMs, this.clock.random());
    if (this.#holdback === undefined) return { kind: "retry", delayMs };
    // Flapping stands instead of the delay, but what cannot even be spawned is not tried in a tight loop.
    return this.#holdback.judge(life.livedMs, life.status === undefined ? delayMs : 0);
  }

  livesMs(): number[] {
    return this.kept.filter((process) => process.active).map((process) => process.livedMs);
  }

  onFlap(reason: string, retryInMs: number): void {
    this.publish("flap", { reason, retry_in: retryInMs / 1000 });
  }

  onGiveUp(reason: string): void {
    for (const slot of this.slots) {
      if (slot.state !== "backoff") continue;
      slot.giveUp(reason);
      this.publish("failed", { slot: slot.number, reason });
    }
  }

  onResume(): void {
    for (const slot of this.slots) if (this.wants(slot)) slot.retry();
  }

  onKilled(slot: Slot): void {
    this.#killed(`${this.name}.${slot.number}`);
  }

  #killed(label: string): void {
    this.#settlement.killed(label);
    this.#world.onKilled(label);
  }

  onChange(slot: Slot): void {
    this.#chain.onChange(slot);
    if (slot.state === "stopped") this.#row.drop(slot);
    if (slot.process === undefined && !this.wants(slot)) this.#world.onVacant(this.name, slot.number);
    if (slot.atRest) this.#rested();
  }

  onError(error: unknown): void {
    this.#world.onError(error);
  }

  after(delayMs: number, work: () => void): Timer {
    return this.#world.clock.after(delayMs, () => this.#world.turn.input(work));
  }
}
