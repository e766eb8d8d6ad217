import {
  closeSync,
  existsSync,
  type FSWatcher,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmdirSync,
  statSync,
  watch,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { isAlive, procStat } from "./proc-stat.ts";
import { type ProcessTree, sendSignal } from "./process-tree.ts";
import { TOKEN_VARIABLE } from "./tree-token.ts";

const SIGKILL = 9;
/** How often a group is looked at where the machine has no watch left to give, in milliseconds. */
const LOOK_MS = 20;
/** How long after its group a tree's other members are signalled, in milliseconds: most are gone by then. */
const OTHERS_MS = 10;

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
    // Each folder in it counts as a link: asking is ten times cheaper than listing the files of a control group.
    if (statSync(folder).nlink === 2) return [folder];
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

const events = Buffer.alloc(256);

/** Whether a process is in a control group or below it. */
export function isPopulated(folder: string): boolean {
  try {
    // Asked at every exit: a small file into a buffer that is there already.
    const fd = openSync(`${folder}/cgroup.events`, "r");
    const length = readSync(fd, events);
    closeSync(fd);
    return events.toString("latin1", 0, length).includes("populated 1");
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

/** What a tree in a control group is given by whoever keeps those. */
export interface CgroupHands {
  /** Kills a group at once, see {@link killAtOnce}. */
  atOnce(folder: string): void;
  /** Takes an empty one away. */
  discard(folder: string): void;
  /** Marks its processes in their environment. */
  readonly token?: string | undefined;
  /** Whether the group is there already, with the tree in it. @defaultValue `false` */
  readonly lives?: boolean;
}

/** One tree: all that are in a control group or below it. */
export class CgroupTree implements ProcessTree {
  readonly spawn: ProcessTree["spawn"];
  readonly #folder: string;
  readonly #atOnce: (folder: string) => void;
  readonly #discard: (folder: string) => void;
  #leader: number | undefined;
  /** The leader's group, which its members keep after its death. */
  #group: number | undefined;
  #stopWatching: (() => void) | undefined;
  #onEmpty: (() => void) | undefined;
  /** A signal that those outside the leader's group are still to be sent. */
  #owed: number | undefined;

  /** Makes the group, unless the tree is one that lives in it already. */
  constructor(folder: string, hands: CgroupHands) {
    const { token, lives = false } = hands;
    if (!lives) mkdirSync(folder);
    this.#folder = folder;
    this.#atOnce = (one) => hands.atOnce(one);
    this.#discard = (one) => hands.discard(one);
    this.spawn = { cgroup: folder, env: token === undefined ? {} : { [TOKEN_VARIABLE]: token } };
  }

  adopt(leader: number): void {
    this.#leader = leader;
    this.#group = leader;
  }

  discard(): void {
    this.#discard(this.#folder);
  }

  leaderDied(onEmpty: () => void): { survivors: boolean } {
    this.#leader = undefined;
    if (!isPopulated(this.#folder)) {
      this.#owed = undefined;
      this.#discard(this.#folder);
      return { survivors: false };
    }
    this.#payOwed();
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
    this.#discard(this.#folder);
    tell();
  }

  signal(signal: number): void {
    const leader = this.#leader;
    this.#payOwed();
    if (leader === undefined) return this.#signalMembers(signal, undefined);
    sendSignal(-leader, signal);
    this.#owed = signal;
    // Looking for those who left the group costs more than the signal, and mostly there is nobody by then.
    setTimeout(() => this.#payOwed(), OTHERS_MS);
    return undefined;
  }

  #payOwed(): void {
    const owed = this.#owed;
    this.#owed = undefined;
    if (owed !== undefined) this.#signalMembers(owed, this.#group);
  }

  /** @param spared - a group that has had the signal already. */
  #signalMembers(signal: number, spared: number | undefined): void {
    const members = foldersBelow(this.#folder)
      .flatMap(membersOf)
      .filter((pid) => pid !== this.#leader)
      .map(procStat)
      .filter(isAlive);
    for (const { pid, pgid } of members) if (pgid !== spared) sendSignal(pid, signal);
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
