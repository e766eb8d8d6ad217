import type { ResourceLimit } from "../manager/job-config.ts";
import { type Libc, libc } from "./libc.ts";
import { NOFILE, openDescriptors, ownLimit, setOwnLimit, startedNofile } from "./resource-limits.ts";

/** Descriptors one spawn may open in us before it is done, generously. */
const PER_SPAWN = 8;
/** Numbers kept free for whatever else opens files meanwhile. */
const RESERVE = 64;

/** Gives children the soft limit of open files gaffer was started with: Bun raised our own. */
export class NofileGuard {
  readonly #c: Libc;
  readonly #own: ResourceLimit;
  /** What children get. */
  readonly started: ResourceLimit;
  /** Spawns that surely fit below the started limit before the next count. */
  #fits = 0;

  private constructor(c: Libc, own: ResourceLimit, soft: number) {
    this.#c = c;
    this.#own = own;
    this.started = { soft, hard: own.hard };
  }

  /** @returns undefined when there is nothing to give back */
  static make(): NofileGuard | undefined {
    const c = libc();
    if (c === undefined) return undefined;
    const own = ownLimit(c, NOFILE);
    const soft = startedNofile(own);
    return soft < own.soft ? new NofileGuard(c, own, soft) : undefined;
  }

  /** The limit that a trampoline must set, when we hold too many files to lower our own for the time of a spawn. */
  needsTrampoline(): ResourceLimit | undefined {
    if (--this.#fits > 0) return undefined;
    this.#fits = Math.floor((this.started.soft - openDescriptors() - RESERVE) / PER_SPAWN);
    return this.#fits > 0 ? undefined : this.started;
  }

  /** Runs a spawn under the started limit. Only the soft one moves: that needs no right to be raised again. */
  around<Result>(spawn: () => Result): Result {
    setOwnLimit(this.#c, NOFILE, this.started);
    try {
      return spawn();
    } finally {
      setOwnLimit(this.#c, NOFILE, this.#own);
    }
  }
}
