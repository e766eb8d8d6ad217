import {
  existsSync,
  type FSWatcher,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  watch,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { readOwnCgroup } from "./cgroup-mount.ts";
import { type ProcessTree, type ProcessTrees, sendSignal } from "./process-tree.ts";
import { isAlive, procStat } from "./proc-stat.ts";

const SIGKILL = 9;

/** Pids in a control group; zombies are listed until they are reaped. */
function members(folder: string): number[] {
  try {
    return readFileSync(join(folder, "cgroup.procs"), "latin1").split("\n").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** A child may make groups of its own below the one we made for it. */
function foldersBelow(folder: string): string[] {
  const inner = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [...inner.flatMap((entry) => foldersBelow(join(folder, entry.name))), folder];
}

/** Folders empty of processes are taken away; one that a dying process still holds stays, and costs nothing. */
function removeFolder(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    if (existsSync(folder)) removeDeep(folder);
  }
}

function removeDeep(folder: string): void {
  for (const inner of foldersBelow(folder)) {
    try {
      rmdirSync(inner);
    } catch {
      return;
    }
  }
}

class CgroupTree implements ProcessTree {
  readonly spawn: ProcessTree["spawn"];
  readonly #folder: string;
  #leader: number | undefined;
  #watcher: FSWatcher | undefined;
  #onEmpty: (() => void) | undefined;

  constructor(folder: string, env: Readonly<Record<string, string>>) {
    mkdirSync(folder);
    this.#folder = folder;
    this.spawn = { cgroup: folder, env };
  }

  adopt(leader: number): void {
    this.#leader = leader;
  }

  discard(): void {
    removeFolder(this.#folder);
  }

  leaderDied(onEmpty: () => void): { survivors: boolean } {
    this.#leader = undefined;
    if (!this.#isPopulated()) {
      removeFolder(this.#folder);
      return { survivors: false };
    }
    this.#onEmpty = onEmpty;
    this.#watcher = watch(join(this.#folder, "cgroup.events"), () => this.#look());
    // The last may have gone between the look and the watch.
    queueMicrotask(() => this.#look());
    return { survivors: true };
  }

  #isPopulated(): boolean {
    try {
      return readFileSync(join(this.#folder, "cgroup.events"), "latin1").includes("populated 1");
    } catch {
      return false;
    }
  }

  #look(): void {
    if (this.#onEmpty === undefined || this.#isPopulated()) return;
    const tell = this.#onEmpty;
    this.#onEmpty = undefined;
    this.#watcher?.close();
    removeFolder(this.#folder);
    tell();
  }

  signal(signal: number): void {
    const leader = this.#leader;
    if (leader !== undefined) sendSignal(-leader, signal);
    const strangers = this.#members()
      .map(procStat)
      .filter((stat) => isAlive(stat) && stat.pgid !== leader);
    for (const stat of strangers) if (stat !== undefined) sendSignal(stat.pid, signal);
  }

  #members(): number[] {
    return existsSync(this.#folder) ? foldersBelow(this.#folder).flatMap(members) : [];
  }

  destroy(): void {
    try {
      // Every member at once, forks in flight included; kernel 5.14 and later.
      writeFileSync(join(this.#folder, "cgroup.kill"), "1");
    } catch {
      this.#killOneByOne();
    }
  }

  /** Without cgroup.kill: until two looks in a row find nobody new. */
  #killOneByOne(): void {
    const killed = new Set<number>();
    for (let fresh = this.#members(); fresh.length > 0; fresh = this.#members().filter((pid) => !killed.has(pid))) {
      for (const pid of fresh) {
        killed.add(pid);
        sendSignal(pid, SIGKILL);
      }
    }
  }
}

/** Trees held in control groups: whoever is born into one can't leave it. */
export class CgroupTrees implements ProcessTrees {
  readonly #folder: string;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(folder: string, env: Readonly<Record<string, string>>) {
    this.#folder = folder;
    this.#env = env;
  }

  /**
   * Makes this instance's folder below our own control group.
   *
   * @returns undefined where we may not: no version 2 hierarchy, or none delegated to us.
   */
  static make(instance: string, below: string | undefined = readOwnCgroup()): CgroupTrees | undefined {
    if (below === undefined) return undefined;
    const folder = join(below, `gaffer-${instance}`);
    try {
      mkdirSync(folder);
      return new CgroupTrees(folder, {});
    } catch {
      return undefined;
    }
  }

  open(id: number): ProcessTree {
    return new CgroupTree(join(this.#folder, String(id)), this.#env);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (existsSync(this.#folder)) removeDeep(this.#folder);
  }
}
