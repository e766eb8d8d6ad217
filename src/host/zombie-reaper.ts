import { ptr } from "bun:ffi";
import type { Libc } from "./libc.ts";
import { childrenOf, type ProcStat, procStat } from "./proc-stat.ts";

const [P_PID, WNOHANG, WEXITED] = [1, 1, 4];

/**
 * How long a dead child that may be the program's own is left to the runtime, in milliseconds. Bun reaps its own within one
 * turn of the event loop, and breaks (`ECHILD`) when somebody was faster.
 */
const GRACE_MS = 1000;

/** Who knows some of the orphans. */
export interface OrphanOwner {
  /** Whether a dead child of ours surely is an orphan, and none that the runtime waits for. */
  isOrphan(zombie: ProcStat): boolean;
  /** Called whenever a child of ours died, once the dead are reaped. */
  childDied(): void;
}

/**
 * Reaps the dead children that nobody here spawned: orphans that came to us as their subreaper, or as PID 1. One for all
 * of a program, and for as long as that runs: orphans come and die after whoever owned them is done with.
 */
export class ZombieReaper {
  static #only: ZombieReaper | undefined;
  readonly #c: Libc;
  readonly #owners = new Set<OrphanOwner>();
  /** Zombies left to the runtime for a while. */
  readonly #waiting = new Set<number>();
  readonly #info = new Uint8Array(128);

  private constructor(c: Libc) {
    this.#c = c;
    process.on("SIGCHLD", () => {
      this.#look();
      for (const owner of this.#owners) owner.childDied();
    });
  }

  /** The reaper of this program, from now on at work. */
  static start(c: Libc): ZombieReaper {
    ZombieReaper.#only ??= new ZombieReaper(c);
    return ZombieReaper.#only;
  }

  /** @returns takes it off again. */
  add(owner: OrphanOwner): () => void {
    this.#owners.add(owner);
    return () => this.#owners.delete(owner);
  }

  #look(): void {
    for (const pid of childrenOf(process.pid)) {
      const zombie = this.#waiting.has(pid) ? undefined : procStat(pid);
      if (zombie?.state !== "Z") continue;
      if ([...this.#owners].some((owner) => owner.isOrphan(zombie))) this.#reap(pid);
      else this.#leaveAWhile(zombie);
    }
  }

  #leaveAWhile({ pid, start }: ProcStat): void {
    const check = (): void => {
      this.#waiting.delete(pid);
      const now = procStat(pid);
      if (now?.state === "Z" && now.start === start && now.ppid === process.pid) this.#reap(pid);
    };
    this.#waiting.add(pid);
    // After a turn of its own: the event loop may have been blocked for all that time.
    setTimeout(() => setImmediate(check), GRACE_MS).unref();
  }

  #reap(pid: number): void {
    this.#c.waitid(P_PID, pid, ptr(this.#info), WEXITED | WNOHANG);
  }
}
