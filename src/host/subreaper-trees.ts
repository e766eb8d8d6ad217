import { readdirSync } from "node:fs";
import type { Libc } from "./libc.ts";
import { childrenOf, isAlive, type ProcStat, procStat, readProc, standardStreams } from "./proc-stat.ts";
import type { ProcessTree, ProcessTrees } from "./process-tree.ts";
import { type OrphanKeeper, SubreaperTree } from "./subreaper-tree.ts";
import { makeToken, tokenOf } from "./tree-token.ts";
import { ZombieReaper } from "./zombie-reaper.ts";

const PR_SET_CHILD_SUBREAPER = 36;

type Owners = Map<number, { readonly start: number; readonly tree: SubreaperTree }>;

/** Whether an environment holds all of ours: a child that the program itself spawned, outside of any tree. */
function hasOurEnvironment(environ: string): boolean {
  const theirs = new Set(environ.split("\0"));
  const ours = Object.entries(process.env).map(([name, value]) => Buffer.from(`${name}=${value}`).toString("latin1"));
  return ours.length > 0 && ours.every((entry) => theirs.has(entry));
}

/**
 * Trees held by being the reaper of orphans: whoever leaves its group and loses its parent becomes our child, and is reaped
 * by us.
 *
 * @remarks An orphan is told by: having been seen below a member, its session or group, the token in its environment, a
 * stream that its leader was given. One that has none of these (cleared environment, session of its own, nothing of the
 * leader's open, and its parent dead before anybody looked) is of the only tree in whose time it was born. Where several
 * trees could be its own nobody can know: it is left alone until all but one of them are done with. A child that the program
 * itself spawned is told by our session, or by our whole environment; one with another environment and a session of its own
 * looks like such an orphan: programs that have such children should hold trees in control groups.
 *
 * @see prctl(2), PR_SET_CHILD_SUBREAPER
 */
export class SubreaperTrees implements ProcessTrees, OrphanKeeper {
  /** Children that Bun waits for: never reaped here. */
  readonly #leaders = new Set<number>();
  readonly #open = new Set<SubreaperTree>();
  /** Orphans by pid whose tree is known. */
  #owners: Owners = new Map();
  readonly #leave: () => void;

  constructor(c: Libc) {
    // For the rest of our life: whoever came to us stays our child.
    c.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    this.#leave = ZombieReaper.start(c).add({
      isOrphan: (zombie) => !this.#leaders.has(zombie.pid) && this.#knownOwner(zombie) !== undefined,
      childDied: () => {
        this.#sortOrphans();
        for (const tree of this.#open) tree.look();
      },
    });
  }

  open(_id: number, token: string = makeToken()): ProcessTree {
    const tree = new SubreaperTree(this, token);
    this.#open.add(tree);
    return tree;
  }

  keep(leader: number): void {
    this.#leaders.add(leader);
  }

  release(leader: number): void {
    this.#leaders.delete(leader);
  }

  forget(tree: SubreaperTree): void {
    this.#open.delete(tree);
  }

  orphansOf(tree: SubreaperTree): number[] {
    this.#sortOrphans();
    return [...this.#owners].filter(([, owner]) => owner.tree === tree).map(([pid]) => pid);
  }

  /** Finds out whose the orphans are that live now. */
  #sortOrphans(): void {
    const owners: Owners = new Map();
    for (const pid of childrenOf(process.pid)) {
      const stat = this.#leaders.has(pid) ? undefined : procStat(pid);
      if (!isAlive(stat)) continue;
      const known = this.#owners.get(pid);
      const tree = this.#knownOwner(stat) ?? this.#ownerByClues(stat);
      if (tree === undefined) continue;
      owners.set(pid, { start: stat.start, tree });
      if (known?.start !== stat.start) tree.remember(stat);
    }
    this.#owners = owners;
  }

  /** The tree of a process, dead or alive, that was seen in it or is of a session of it. */
  #knownOwner(stat: ProcStat): SubreaperTree | undefined {
    const owner = this.#owners.get(stat.pid);
    if (owner !== undefined && owner.start === stat.start && this.#open.has(owner.tree)) return owner.tree;
    return [...this.#open].find((tree) => tree.knows(stat));
  }

  #ownerByClues(stat: ProcStat): SubreaperTree | undefined {
    // Every leader begins a session, and there is no way back into ours.
    if (stat.sid === procStat(process.pid)?.sid) return undefined;
    const environ = readProc(stat.pid, "environ") ?? "";
    const token = tokenOf(environ);
    if (token !== undefined) return [...this.#open].find((tree) => tree.token === token);
    const streams = standardStreams(stat.pid);
    const talking = [...this.#open].find((tree) => tree.talksThrough(streams));
    if (talking !== undefined || hasOurEnvironment(environ)) return talking;
    const [possible, ...others] = [...this.#open].filter((tree) => tree.mayOwn(stat));
    return others.length === 0 ? possible : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#leave();
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
