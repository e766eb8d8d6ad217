import type { GafferError } from "../base/gaffer-error.ts";
import type { Clock, Timer } from "./clock.ts";
import type { ExitStatus } from "./exit-status.ts";
import type { EventFields, EventKind } from "./gaffer-event.ts";
import type { ManagedProcess, ProcessOwner } from "./managed-process.ts";
import { exitFields, spawnedFields } from "./process-fields.ts";
import { nextState, type ProcessInput, type ProcessState } from "./process-state.ts";
import { RestartDelay } from "./restart-delay.ts";

/** What follows an end that nobody asked for. */
export type Verdict =
  /** Start again, after `delayMs`. */
  | { readonly kind: "retry"; readonly delayMs: number }
  /** Wait with the whole job; it says when to go on. */
  | { readonly kind: "hold"; readonly reason: string; readonly retryInMs: number }
  /** Give up until somebody starts it. */
  | { readonly kind: "give-up"; readonly reason: string }
  /** Its work is done: the restart policy asks for no other. */
  | { readonly kind: "rest" };

/** A life that no stop ended. */
export interface Life {
  readonly livedMs: number;
  /** Undefined when it could not be spawned. */
  readonly status: ExitStatus | undefined;
  /** Whether a signal that we were told to send ended it. */
  readonly asked: boolean;
}

/** What a slot needs of its job. */
export interface SlotJob {
  readonly clock: Clock;
  /** Whether the slot should hold a running process. */
  wants(slot: Slot): boolean;
  /** Whether an unloaded job of the same name still has a process in the place of this slot. */
  isOccupied(slot: Slot): boolean;
  /** A process for the slot, not spawned yet. */
  prepare(slot: Slot): ManagedProcess;
  publish(kind: EventKind, fields: EventFields): void;
  /** Asked after each end that no stop caused. */
  judge(slot: Slot, life: Life): Verdict;
  /** A process of the slot had to be killed. */
  onKilled(slot: Slot): void;
  /** The slot came to a new state. */
  onChange(slot: Slot): void;
  onError(error: unknown): void;
  after(delayMs: number, work: () => void): Timer;
}

/** How the last process of a slot ended. */
export interface LastExit {
  readonly at: number;
  readonly status: ExitStatus | undefined;
  readonly reason: string;
}

/** The numbered place of one process in a job: it outlives its processes, and holds at most one at a time. */
export class Slot implements ProcessOwner {
  readonly number: number;
  /** Why it is in its state, in words; empty where the state says it all. */
  reason = "";
  /** How often a process was started here again after it ended by itself. */
  restarts = 0;
  process: ManagedProcess | undefined;
  lastExit: LastExit | undefined;
  /** Whether it belongs to its job still; a closed one goes as soon as it is empty. */
  open = true;
  readonly delay: RestartDelay = new RestartDelay();
  readonly #job: SlotJob;
  #state: ProcessState = "stopped";
  #timer: Timer | undefined;
  /** Somebody asked for a start while what the last leader left behind was being stopped. */
  #startAsked = false;

  constructor(number: number, job: SlotJob) {
    this.number = number;
    this.#job = job;
  }

  get state(): ProcessState {
    return this.#state;
  }

  /** Nothing is under way here: it runs, or waits, or holds nothing and should not. */
  get atRest(): boolean {
    if (this.#state === "running") return true;
    if (this.process !== undefined || this.#state === "starting") return false;
    return this.#state !== "stopped" || !this.#job.wants(this);
  }

  /** The only writer of the state. */
  #move(input: ProcessInput, reason: string = ""): void {
    const next = nextState(this.#state, input);
    if (next === undefined) {
      this.#job.onError(new Error(`slot ${this.number}: "${input}" has no meaning in state "${this.#state}"`));
      return;
    }
    this.#state = next;
    this.reason = reason;
    this.#job.onChange(this);
  }

  /** Starts a process here unless one is there; one that is being stopped is followed by another when it is gone. */
  start(): void {
    this.delay.reset();
    if (this.process === undefined) this.#launch("start");
    else if (this.#state === "exited") this.#startAsked = true;
  }

  #launch(input: "start" | "retry"): void {
    // The place is taken: the manager starts it when it is free.
    if (this.#job.isOccupied(this)) return;
    this.#cancelTimer();
    this.#startAsked = false;
    this.#move(input);
    this.process = this.#job.prepare(this);
    this.process.spawn();
  }

  /** Empties the slot. */
  stop(): void {
    this.#cancelTimer();
    this.#startAsked = false;
    if (this.#state === "stopped" || this.#state === "stopping") return;
    const isEmpty = this.process === undefined;
    const needsGone = isEmpty && this.#state === "exited";
    this.#move("stop");
    this.process?.stop();
    if (needsGone) this.#move("gone");
  }

  /** Empties the slot without an end of its process: a detached one that runs lives on. @returns whether it does. */
  release(): boolean {
    if (this.#state !== "running" || this.process?.request.detach !== true) return false;
    const { process } = this;
    this.process = undefined;
    this.#move("release");
    process.release();
    return true;
  }

  /** Empties the slot by SIGKILL. */
  destroy(): void {
    this.stop();
    this.process?.destroy();
  }

  /** Stops what runs here so that another follows, or starts what does not run. */
  recycle(): void {
    if (this.process === undefined) this.start();
    else this.stop();
  }

  /** The wait that {@link Verdict} `hold` began is over. */
  retry(): void {
    if (this.#state !== "backoff" || this.#timer !== undefined) return;
    this.restarts++;
    this.#launch("retry");
  }

  /** Nobody waits any more: the slot gives up. */
  giveUp(reason: string): void {
    this.#cancelTimer();
    this.#move("give-up", reason);
  }

  onSpawned(process: ManagedProcess): void {
    this.#move("spawned");
    this.#job.publish("spawn", spawnedFields(process));
  }

  onSpawnFailed(process: ManagedProcess, error: GafferError): void {
    this.process = undefined;
    this.lastExit = { at: this.#job.clock.wallMs(), status: undefined, reason: error.message };
    const wanted = this.#state !== "stopping";
    this.#move("spawn-failed");
    const fields = { pid: process.id, slot: this.number, reason: error.message, error_exit_code: error.exitCode };
    if (wanted) this.#follow("spawn_failed", fields, process);
    else this.#publishAndRefill("spawn_failed", fields);
  }

  onExited(): void {
    this.#move("exited", this.process?.stopping === false ? "stopping what its leader left behind" : "");
  }

  onKilled(): void {
    if (this.#state !== "running" && this.#state !== "starting") this.#move("timeout", this.reason);
    this.#job.onKilled(this);
  }

  onGone(process: ManagedProcess): void {
    this.process = undefined;
    this.lastExit = { at: this.#job.clock.wallMs(), status: process.status, reason: process.reason };
    const wasStopped = this.#state === "stopping";
    this.#move("gone");
    const fields = exitFields(process);
    if (wasStopped) this.#publishAndRefill("exit", fields);
    else this.#follow("exit", fields, process);
  }

  #publishAndRefill(kind: EventKind, fields: EventFields): void {
    this.#job.publish(kind, fields);
    if (this.#job.wants(this)) this.#launch("start");
    else this.#job.onChange(this);
  }

  /** Publishes an end that no stop caused, with what follows it, and lets that follow. */
  #follow(kind: EventKind, fields: EventFields, process: ManagedProcess): void {
    const verdict = this.#judge(process);
    const wait = verdict.kind === "retry" ? verdict.delayMs : verdict.kind === "hold" ? verdict.retryInMs : 0;
    this.#job.publish(kind, wait > 0 ? { ...fields, retry_in: Math.round(wait) / 1000 } : fields);
    this.#obey(verdict, fields.reason ?? "", process.asked);
  }

  #judge(process: ManagedProcess): Verdict {
    if (!this.#job.wants(this)) return { kind: "rest" };
    if (this.#startAsked) return { kind: "retry", delayMs: 0 };
    return this.#job.judge(this, { livedMs: process.livedMs, status: process.status, asked: process.asked });
  }

  #obey(verdict: Verdict, reason: string, asked: boolean): void {
    switch (verdict.kind) {
      case "rest":
        this.reason = reason;
        this.#job.onChange(this);
        return;
      case "give-up":
        this.giveUp(verdict.reason);
        this.#job.publish("failed", { slot: this.number, reason: verdict.reason });
        return;
      case "hold":
        this.#move("hold", verdict.reason);
        return;
      case "retry":
        if (verdict.delayMs > 0) this.#retryAfter(verdict.delayMs, reason);
        else this.#again(asked);
    }
  }

  #retryAfter(delayMs: number, reason: string): void {
    this.#move("hold", `${reason}; next try in ${(delayMs / 1000).toFixed(1)} s`);
    this.#timer = this.#job.after(delayMs, () => {
      this.#timer = undefined;
      this.retry();
    });
  }

  /** Starts another after an end; one that we were told to cause is no restart that counts. */
  #again(asked: boolean): void {
    if (!asked) this.restarts++;
    this.#launch("retry");
  }

  #cancelTimer(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
