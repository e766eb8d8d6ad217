import type { Slot } from "./slot.ts";

/** What restarting slots one after the other needs of their job. */
export interface ChainedJob {
  /** Whether the slot is still to be restarted. */
  wants(slot: Slot): boolean;
  /** Stops what runs in the slot so that another follows, or starts what does not run. */
  recycle(slot: Slot): void;
  /** A replacement failed, and the rest stays as it is. */
  onHalt(): void;
  /** Does something after the change that is being worked on. */
  later(work: () => void): void;
}

/** Restarts slots one at a time: the next only when the replacement before it runs. */
export class RestartChain {
  readonly #job: ChainedJob;
  /** Slots still to come; the first is being restarted. */
  #slots: readonly Slot[] = [];

  constructor(job: ChainedJob) {
    this.#job = job;
  }

  /** Whether a restart is under way. */
  get busy(): boolean {
    return this.#slots.length > 0;
  }

  /** Restarts `slots` in their order; a chain under way is given up for this one. */
  begin(slots: readonly Slot[]): void {
    this.#slots = slots;
    this.#restartFirst();
  }

  /** Leaves the slots that are still to come as they are. */
  cancel(): void {
    this.#slots = [];
  }

  #restartFirst(): void {
    while (this.#slots[0] !== undefined && !this.#job.wants(this.#slots[0])) this.#slots = this.#slots.slice(1);
    const [first] = this.#slots;
    if (first !== undefined) this.#job.recycle(first);
  }

  /** Goes on when the slot that is being restarted has come to rest. */
  onChange(slot: Slot): void {
    if (slot !== this.#slots[0] || !slot.atRest) return;
    if (this.#job.wants(slot) && slot.state !== "running") {
      this.#slots = [];
      this.#job.onHalt();
      return;
    }
    this.#slots = this.#slots.slice(1);
    const rest = this.#slots;
    if (rest.length > 0) this.#job.later(() => rest === this.#slots && this.#restartFirst());
  }
}
