import { randomBytes } from "node:crypto";
import { readdirSync, readlinkSync } from "node:fs";
import { ptr } from "bun:ffi";
import type { Libc } from "./libc.ts";
import { type ProcessTree, type ProcessTrees, sendSignal } from "./process-tree.ts";
import { childrenOf, descendantsOf, isAlive, type ProcStat, procStat, readProc } from "./proc-stat.ts";

const PR_SET_CHILD_SUBREAPER = 36;
const [P_PID, WNOHANG, WEXITED] = [1, 1, 4];
const SIGKILL = 9;

/** The variable that marks every process of a tree, unless it cleared its environment. */
export const TOKEN_VARIABLE = "GAFFER_TOKEN";

/**
 * Sends a signal to a process only if it is still the one that was seen: a pid may be another's by now.
 *
 * @returns whether it was sent.
 */
export function signalSame(seen: Pick<ProcStat, "pid" | "start">, signal: number): boolean {
  const now = procStat(seen.pid);
  if (!isAlive(now) || now.start !== seen.start) return false;
  sendSignal(seen.pid, signal);
  return true;
}

/** Names of the pipes and sockets a process holds as stdin, stdout and stderr. */
function standardStreams(pid: number): string[] {
  return [0, 1, 2].flatMap((fd) => {
    try {
      const name = readlinkSync(`/proc/${pid}/fd/${fd}`);
      return /^(pipe|socket):/.test(name) ? [name] : [];
    } catch {
      return [];
    }
  });
}

class SubreaperTree implements ProcessTree {
  readonly spawn: ProcessTree["spawn"];
  readonly #trees: SubreaperTrees;
  readonly #token = randomBytes(16).toString("hex");
  /** Sessions and groups that members were seen in, and the streams they talk through. */
  readonly #sessions = new Set<number>();
  #streams: ReadonlySet<string> = new Set();
  #leader: number | undefined;
  #leaderStart = 0;
  #onEmpty: (() => void) | undefined;
  #destroying = false;

  constructor(trees: SubreaperTrees) {
    this.#trees = trees;
    this.spawn = { env: { [TOKEN_VARIABLE]: this.#token } };
  }

  adopt(leader: number): void {
    this.#leader = leader;
    this.#sessions.add(leader);
    this.#leaderStart = procStat(leader)?.start ?? 0;
    this.#streams = new Set(standardStreams(leader));
    this.#trees.keep(leader, this);
  }

  discard(): void {
    this.#trees.forget(this);
  }

  leaderDied(onEmpty: () => void): { survivors: boolean } {
    if (this.#leader !== undefined) this.#trees.release(this.#leader);
    this.#leader = undefined;
    if (this.members().length === 0) {
      this.#trees.forget(this);
      return { survivors: false };
    }
    this.#onEmpty = onEmpty;
    return { survivors: true };
  }

  /** Whether an orphan that came to us was born in this tree. */
  owns(stat: ProcStat): boolean {
    if (stat.start < this.#leaderStart) return false;
    if (this.#sessions.has(stat.sid) || this.#sessions.has(stat.pgid)) return true;
    if (readProc(stat.pid, "environ")?.includes(this.#token) === true) return true;
    return standardStreams(stat.pid).some((name) => this.#streams.has(name));
  }

  /** Whether an orphan that nothing tells apart could be of this tree: it was born while the tree lived. */
  mayOwn(stat: ProcStat): boolean {
    return stat.start >= this.#leaderStart;
  }

  /** The living members besides a living leader. */
  members(): ProcStat[] {
    const roots = [...this.#trees.orphansOf(this), ...(this.#leader === undefined ? [] : [this.#leader])];
    const found = descendantsOf(roots)
      .filter((pid) => pid !== this.#leader)
      .map(procStat)
      .filter(isAlive);
    for (const { sid, pgid } of found) this.#sessions.add(sid).add(pgid);
    return found;
  }

  signal(signal: number): void {
    const leader = this.#leader;
    const others = this.members();
    if (leader !== undefined) sendSignal(-leader, signal);
    for (const stat of others) if (stat.pgid !== leader) signalSame(stat, signal);
  }

  destroy(): void {
    this.#destroying = true;
    const killed = new Set<number>();
    if (this.#leader !== undefined) killed.add(this.#leader);
    const others = this.members();
    if (this.#leader !== undefined) sendSignal(-this.#leader, SIGKILL);
    // Twice nobody new: a fork that was under way when its parent was killed is found, too.
    for (let [fresh, quiet] = [others, 0]; quiet < 2; fresh = this.members().filter(({ pid }) => !killed.has(pid))) {
      quiet = fresh.length === 0 ? quiet + 1 : 0;
      for (const stat of fresh) {
        killed.add(stat.pid);
        signalSame(stat, SIGKILL);
      }
    }
  }

  /** A child of ours died: was it the last of this tree? */
  look(): void {
    if (this.#onEmpty === undefined) return;
    const left = this.members();
    if (left.length > 0) {
      if (this.#destroying) for (const stat of left) signalSame(stat, SIGKILL);
      return;
    }
    const tell = this.#onEmpty;
    this.#onEmpty = undefined;
    this.#trees.forget(this);
    tell();
  }
}

/**
 * Trees held by being the reaper of orphans: whoever leaves its group and loses its parent becomes our child, is told by its
 * token, its session, or the pipe it talks through, and is reaped by us.
 *
 * @see prctl(2), PR_SET_CHILD_SUBREAPER
 */
export class SubreaperTrees implements ProcessTrees {
  readonly #c: Libc;
  /** Our own session; one of outside our container shows as 0, as those of orphans put in from there do. */
  readonly #session: number | undefined = procStat(process.pid)?.sid || undefined;
  /** Children that Bun waits for: never reaped here. */
  readonly #leaders = new Map<number, SubreaperTree>();
  readonly #open = new Set<SubreaperTree>();
  readonly #onChild = (): void => this.#reap();
  readonly #info = new Uint8Array(128);

  constructor(c: Libc) {
    this.#c = c;
    c.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    process.on("SIGCHLD", this.#onChild);
  }

  open(): ProcessTree {
    const tree = new SubreaperTree(this);
    this.#open.add(tree);
    return tree;
  }

  keep(leader: number, tree: SubreaperTree): void {
    this.#leaders.set(leader, tree);
  }

  release(leader: number): void {
    this.#leaders.delete(leader);
  }

  forget(tree: SubreaperTree): void {
    this.#open.delete(tree);
  }

  /**
   * Children that came to us. Leaders have sessions of their own, and nobody joins another's: what is in ours was spawned
   * by us for ourselves, and whoever did that waits for it.
   */
  #orphans(): number[] {
    const strangers = childrenOf(process.pid).filter((pid) => !this.#leaders.has(pid));
    return strangers.filter((pid) => procStat(pid)?.sid !== this.#session);
  }

  /** Children of ours that nobody spawned here and that are of `tree`, or can be of no other. */
  orphansOf(tree: SubreaperTree): number[] {
    return this.#orphans().filter((pid) => {
      const stat = procStat(pid);
      if (!isAlive(stat)) return false;
      if (tree.owns(stat)) return true;
      const others = [...this.#open].filter((one) => one !== tree);
      return tree.mayOwn(stat) && !others.some((one) => one.owns(stat) || one.mayOwn(stat));
    });
  }

  #reap(): void {
    for (const pid of this.#orphans()) {
      if (procStat(pid)?.state === "Z") this.#c.waitid(P_PID, pid, ptr(this.#info), WEXITED | WNOHANG);
    }
    for (const tree of this.#open) tree.look();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.off("SIGCHLD", this.#onChild);
    this.#c.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
  }
}

/** Whether proc(5) lists children here: without that, orphans can't be found. */
export function canFindOrphans(): boolean {
  try {
    return readdirSync(`/proc/self/task/${process.pid}`).includes("children");
  } catch {
    return false;
  }
}
