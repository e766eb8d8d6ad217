import type { SpawnRecord } from "../manager/spawn-journal.ts";
import { isSame } from "./proc-stat.ts";
import { type Found, ProcessSearch } from "./process-search.ts";
import { type ProcessTree, sendSignal } from "./process-tree.ts";

const SIGKILL = 9;
/** How often what a dead leader left behind is looked at, in milliseconds; nothing tells when the last is gone. */
const LOOK_MS = 20;
/** Looks at the whole machine in a row that find somebody new, at most, before the kill is left to the next turn. */
const LOOKS = 20;

/** Signals processes that were found, each only if it is still the one that was seen. */
export function signalFound(found: Iterable<Found>, signal: number): void {
  for (const one of found) if (isSame(one)) sendSignal(one.pid, signal);
}

/** A tree of an earlier life that is in no control group: its members are searched for when they are to be signalled. */
export class FoundTree implements ProcessTree {
  readonly spawn: ProcessTree["spawn"] = { env: {} };
  readonly #search: ProcessSearch;
  readonly #leader: { readonly pid: number; readonly start: number };
  #timer: ReturnType<typeof setInterval> | undefined;
  #destroying = false;

  constructor(record: SpawnRecord) {
    this.#search = new ProcessSearch([record]);
    this.#leader = { pid: record.osPid ?? 0, start: record.start ?? 0 };
  }

  adopt(): void {
    // It is the leader of the record, or nobody.
  }

  discard(): void {
    clearInterval(this.#timer);
  }

  leaderDied(onEmpty: () => void): { survivors: boolean } {
    let left = this.#search.look();
    if (left.length === 0) return { survivors: false };
    this.#timer = setInterval(() => {
      left = left.filter(isSame);
      // Those that are known are asked for first: a look at the whole machine costs a thousand times more.
      if (left.length > 0) return;
      left = this.#search.look();
      if (this.#destroying) signalFound(left, SIGKILL);
      if (left.length > 0) return;
      clearInterval(this.#timer);
      onEmpty();
    }, LOOK_MS);
    return { survivors: true };
  }

  signal(signal: number): void {
    const { pid: leader } = this.#leader;
    const found = this.#search.look();
    // Its group first, all at once; that takes in whoever is being forked.
    const isGroupOurs = leader > 0 && isSame(this.#leader);
    if (isGroupOurs) sendSignal(-leader, signal);
    signalFound(isGroupOurs ? found.filter(({ pgid }) => pgid !== leader) : found, signal);
  }

  destroy(): void {
    this.#destroying = true;
    const killed = new Set<number>();
    for (let look = 0; look < LOOKS; look++) {
      const fresh = this.#search.look().filter(({ pid }) => !killed.has(pid));
      if (fresh.length === 0) return;
      for (const { pid } of fresh) killed.add(pid);
      signalFound(fresh, SIGKILL);
    }
  }
}
