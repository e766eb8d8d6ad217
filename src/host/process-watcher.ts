import { forgetUsage, type ProcessStats, processStats } from "./process-stats.ts";

/** Called with each sample. */
export type StatsListener = (stats: ProcessStats) => void;

/** How often everybody who is listened to is looked at, in milliseconds, as gaffer 0.5 did. */
const INTERVAL_MS = 100;

/** Samples processes while somebody listens, all of them in one pass; nobody listening costs nothing. */
export class ProcessWatcher {
  readonly #listeners = new Map<number, Set<StatsListener>>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Whether anybody listens. */
  get active(): boolean {
    return this.#listeners.size > 0;
  }

  /** Calls back every 100 ms with what a process uses, as long as it is there. */
  subscribe(osPid: number, listener: StatsListener): void {
    const listeners = this.#listeners.get(osPid) ?? new Set();
    this.#listeners.set(osPid, listeners.add(listener));
    this.#timer ??= setTimeout(() => void this.#sample(), INTERVAL_MS);
  }

  /** Calls back with the next sample only. */
  subscribeOnce(osPid: number, listener: StatsListener): void {
    const once: StatsListener = (stats) => {
      this.unsubscribe(osPid, once);
      listener(stats);
    };
    this.subscribe(osPid, once);
  }

  /** Ends one subscription. */
  unsubscribe(osPid: number, listener: StatsListener): void {
    const listeners = this.#listeners.get(osPid);
    listeners?.delete(listener);
    if (listeners?.size === 0) this.#listeners.delete(osPid);
    if (!this.active) this.stop();
  }

  /** Ends every subscription. */
  stop(): void {
    this.#listeners.clear();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    forgetUsage();
  }

  async #sample(): Promise<void> {
    const all = await processStats([...this.#listeners.keys()]);
    for (const [osPid, listeners] of this.#listeners) {
      const stats = all.get(osPid);
      if (stats === undefined) this.#listeners.delete(osPid);
      else for (const listener of listeners) listener(stats);
    }
    if (this.active) this.#timer = setTimeout(() => void this.#sample(), INTERVAL_MS);
    else this.stop();
  }
}
