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
import { isAlive, procStat } from "./proc-stat.ts";
import { type ProcessTree, sendSignal } from "./process-tree.ts";

const SIGKILL = 9;
/** How often a group is looked at where the machine has no watch left to give, in milliseconds. */
const LOOK_MS = 20;

/** Pids in a control group; the dead are not listed. */
function membersOf(folder: string): number[] {
  try {
    return readFileSync(join(folder, "cgroup.procs"), "latin1").split("\n").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** A child may make groups of its own below the one we made for it: the deepest come first, the folder itself last. */
function foldersBelow(folder: string): string[] {
  try {
    const inner = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [...inner.flatMap((entry) => foldersBelow(join(folder, entry.name))), folder];
  } catch {
    return [];
  }
}

/** Takes away a control group and those below; one that still holds a process stays, and costs nothing. */
export function removeCgroup(folder: string): void {
  for (const inner of foldersBelow(folder)) {
    try {
      rmdirSync(inner);
    } catch {
      continue;
    }
  }
}

/** Whether a process is in a control group or below it. */
export function isPopulated(folder: string): boolean {
  try {
    return readFileSync(join(folder, "cgroup.events"), "latin1").includes("populated 1");
  } catch {
    return false;
  }
}

/** Kills every member of a control group at once, forks in flight included; kernel 5.14 and later, or it throws. */
export function killAtOnce(folder: string): void {
  writeFileSync(join(folder, "cgroup.kill"), "1");
}

/** SIGKILLs all in a control group and below it. @param atOnce - see {@link killAtOnce} */
export function killCgroup(folder: string, atOnce: (folder: string) => void = killAtOnce): void {
  try {
    atOnce(folder);
  } catch {
    killOneByOne(folder);
  }
}

/** Until a look finds nobody new: whoever is killed forks no more. */
function killOneByOne(folder: string): void {
  const killed = new Set<number>();
  const fresh = (): number[] =>
    foldersBelow(folder)
      .flatMap(membersOf)
      .filter((pid) => !killed.has(pid));
  for (let pids = fresh(); pids.length > 0; pids = fresh()) {
    for (const pid of pids) {
      killed.add(pid);
      sendSignal(pid, SIGKILL);
    }
  }
}

/** One tree: all that are in a control group or below it. */
export class CgroupTree implements ProcessTree {
  readonly spawn: ProcessTree["spawn"];
  readonly #folder: string;
  readonly #atOnce: (folder: string) => void;
  #leader: number | undefined;
  #stopWatching: (() => void) | undefined;
  #onEmpty: (() => void) | undefined;

  /** @param atOnce - see {@link killAtOnce} */
  constructor(folder: string, atOnce: (folder: string) => void) {
    mkdirSync(folder);
    this.#folder = folder;
    this.#atOnce = atOnce;
    this.spawn = { cgroup: folder, env: {} };
  }

  adopt(leader: number): void {
    this.#leader = leader;
  }

  discard(): void {
    removeCgroup(this.#folder);
  }

  leaderDied(onEmpty: () => void): { survivors: boolean } {
    this.#leader = undefined;
    if (!isPopulated(this.#folder)) {
      removeCgroup(this.#folder);
      return { survivors: false };
    }
    this.#onEmpty = onEmpty;
    this.#stopWatching = watchEvents(this.#folder, () => this.#look());
    // The last may have gone between the look and the watch.
    queueMicrotask(() => this.#look());
    return { survivors: true };
  }

  #look(): void {
    if (this.#onEmpty === undefined || isPopulated(this.#folder)) return;
    const tell = this.#onEmpty;
    this.#onEmpty = undefined;
    this.#stopWatching?.();
    removeCgroup(this.#folder);
    tell();
  }

  signal(signal: number): void {
    const leader = this.#leader;
    const others = foldersBelow(this.#folder)
      .flatMap(membersOf)
      .map(procStat)
      .filter(isAlive)
      .filter(({ pgid }) => pgid !== leader);
    if (leader !== undefined) sendSignal(-leader, signal);
    for (const { pid } of others) sendSignal(pid, signal);
  }

  destroy(): void {
    if (existsSync(this.#folder)) killCgroup(this.#folder, this.#atOnce);
  }
}

/** @returns ends the watch. */
function watchEvents(folder: string, look: () => void): () => void {
  try {
    const watcher: FSWatcher = watch(join(folder, "cgroup.events"), look);
    return () => watcher.close();
  } catch {
    // No inotify watch left: fs.inotify.max_user_watches.
    const timer = setInterval(look, LOOK_MS);
    return () => clearInterval(timer);
  }
}
