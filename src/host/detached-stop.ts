import type { SpawnRecord } from "../manager/spawn-journal.ts";
import type { DeathWatch, Watching } from "./death-watch.ts";
import { isSame } from "./proc-stat.ts";
import type { ProcessTree } from "./process-tree.ts";

/** What a stop works with. */
export interface StopHands {
  readonly tree: ProcessTree;
  readonly watch: DeathWatch;
  /** Called before {@link DetachedStop.done} settles. */
  onGone(): void;
}

/** Stops a process of an earlier life as its job would have: signal, graceful timeout, SIGKILL, until nothing is left. */
export class DetachedStop {
  /** Settles when nothing of it is left. */
  readonly done: Promise<void>;
  readonly #record: SpawnRecord;
  readonly #hands: StopHands;
  readonly #gone = Promise.withResolvers<void>();
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #watching: Watching;
  #dead = false;

  constructor(record: SpawnRecord, hands: StopHands) {
    this.#record = record;
    this.#hands = hands;
    this.done = this.#gone.promise;
    const { osPid: pid = 0, start = 0, folder } = record;
    hands.tree.adopt(pid);
    this.#watching = hands.watch.add({ pid, start, folder }, () => this.#die());
    this.#watching.hurry();
    this.#timer = setTimeout(() => this.kill(), record.gracefulTimeoutMs);
    if (!isSame({ pid, start })) this.#die();
    else this.#ask();
  }

  #ask(): void {
    const { stopSignal, gracefulTimeoutMs } = this.#record;
    if (gracefulTimeoutMs === 0) this.kill();
    else this.#hands.tree.signal(stopSignal);
  }

  #die(): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#watching.end();
    const { survivors } = this.#hands.tree.leaderDied(() => this.#end());
    if (survivors) this.#ask();
    else this.#end();
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#hands.onGone();
    this.#gone.resolve();
  }

  /** SIGKILLs what is left of it now. */
  kill(): void {
    this.#hands.tree.destroy();
  }
}
