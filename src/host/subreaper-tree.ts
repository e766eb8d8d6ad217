import { descendantsOf, isAlive, isSame, type ProcStat, procStat, standardStreams } from "./proc-stat.ts";
import { type ProcessTree, sendSignal } from "./process-tree.ts";
import { TOKEN_VARIABLE } from "./tree-token.ts";

const SIGKILL = 9;
const SIGSTOP = 19;

/** Looks in a row at which nobody new was found: a fork that was under way is found, too. */
const QUIET_LOOKS = 2;
/** Looks at most before the kill: whoever forks faster than we look meets us again at the next SIGCHLD. */
const LOOKS = 100;
/** Sessions and groups remembered before those of the dead are sorted out. */
const REMEMBERED = 512;

/**
 * Sends a signal to a process only if it is still the one that was seen: a pid may be another's by now.
 *
 * @returns whether it was sent.
 */
export function signalSame(seen: Pick<ProcStat, "pid" | "start">, signal: number): boolean {
  if (!isSame(seen)) return false;
  sendSignal(seen.pid, signal);
  return true;
}

/** What a tree asks of whoever knows all orphans. */
export interface OrphanKeeper {
  /** A leader: the runtime waits for it. */
  keep(leader: number): void;
  /** It was reaped. */
  release(leader: number): void;
  /** The tree is done with. */
  forget(tree: SubreaperTree): void;
  /** Pids of living orphans of a tree. */
  orphansOf(tree: SubreaperTree): number[];
}

/** One tree of which the parents, and what was seen of its members, tell who belongs to it. */
export class SubreaperTree implements ProcessTree {
  readonly spawn: ProcessTree["spawn"];
  readonly token: string;
  readonly #keeper: OrphanKeeper;
  /** Start times of members by pid, and the sessions and groups they were seen in. */
  #known = new Map<number, number>();
  #sessions = new Set<number>();
  #streams: ReadonlySet<string> = new Set();
  #leader: number | undefined;
  #leaderStart = Infinity;
  #onEmpty: (() => void) | undefined;
  #destroying = false;
  #sortAt = REMEMBERED;

  constructor(keeper: OrphanKeeper, token: string) {
    this.#keeper = keeper;
    this.token = token;
    this.spawn = { env: { [TOKEN_VARIABLE]: this.token } };
  }

  adopt(leader: number): void {
    this.#leader = leader;
    this.#sessions.add(leader);
    this.#leaderStart = procStat(leader)?.start ?? 0;
    this.#streams = new Set(standardStreams(leader));
    this.#keeper.keep(leader);
  }

  discard(): void {
    this.#keeper.forget(this);
  }

  leaderDied(onEmpty: () => void): { survivors: boolean } {
    if (this.#leader !== undefined) this.#keeper.release(this.#leader);
    this.#leader = undefined;
    const left = this.#members();
    if (left.length === 0) {
      this.#keeper.forget(this);
      return { survivors: false };
    }
    this.#onEmpty = onEmpty;
    if (this.#destroying) for (const stat of left) signalSame(stat, SIGKILL);
    return { survivors: true };
  }

  /** Whether a process, dead or alive, was seen as a member, or is of a session or group of one. */
  knows(stat: ProcStat): boolean {
    if (!this.mayOwn(stat)) return false;
    return this.#known.get(stat.pid) === stat.start || this.#sessions.has(stat.sid) || this.#sessions.has(stat.pgid);
  }

  /** Whether one of these streams is one that the leader was given. */
  talksThrough(streams: readonly string[]): boolean {
    return streams.some((name) => this.#streams.has(name));
  }

  /** Whether a process was born in the time of this tree. */
  mayOwn(stat: ProcStat): boolean {
    return stat.start >= this.#leaderStart;
  }

  /** Takes note of an orphan and of all below it: once its parent is dead, nothing else may tell whose a process is. */
  remember(orphan: ProcStat): void {
    for (const stat of descendantsOf([orphan.pid]).map(procStat)) if (isAlive(stat)) this.#note(stat);
  }

  #note({ pid, start, sid, pgid }: ProcStat): void {
    this.#known.set(pid, start);
    this.#sessions.add(sid).add(pgid);
  }

  /** The living members besides the leader; what is remembered is theirs from here on. */
  #members(): ProcStat[] {
    const leader = this.#leader;
    const leaders = leader === undefined ? [] : [leader];
    const found = descendantsOf([...this.#keeper.orphansOf(this), ...leaders])
      .filter((pid) => pid !== leader)
      .map(procStat)
      .filter(isAlive);
    this.#known = new Map();
    this.#sessions = new Set(leaders);
    for (const stat of found) this.#note(stat);
    return found;
  }

  signal(signal: number): void {
    const leader = this.#leader;
    const others = this.#members();
    if (leader !== undefined) sendSignal(-leader, signal);
    for (const stat of others) if (stat.pgid !== leader) signalSame(stat, signal);
  }

  destroy(): void {
    this.#destroying = true;
    const leader = this.#leader;
    // Held still before it is killed: as long as parents live, they tell who belongs to them.
    if (leader !== undefined) sendSignal(-leader, SIGSTOP);
    const held = this.#hold();
    if (leader !== undefined) sendSignal(-leader, SIGKILL);
    for (const stat of [...held, ...this.#members()]) signalSame(stat, SIGKILL);
  }

  /** Stops all members, and those forked meanwhile. */
  #hold(): Iterable<ProcStat> {
    const held = new Map<number, ProcStat>();
    for (let [quiet, looks] = [0, 0]; quiet < QUIET_LOOKS && looks < LOOKS; looks++) {
      const fresh = this.#members().filter(({ pid }) => !held.has(pid));
      quiet = fresh.length === 0 ? quiet + 1 : 0;
      for (const stat of fresh) {
        held.set(stat.pid, stat);
        signalSame(stat, SIGSTOP);
      }
    }
    return held.values();
  }

  /** A child of ours died: was it the last of this tree? */
  look(): void {
    if (this.#sessions.size > this.#sortAt) {
      this.#members();
      this.#sortAt = Math.max(REMEMBERED, this.#sessions.size * 2);
    }
    if (this.#onEmpty === undefined) return;
    const left = this.#members();
    if (left.length > 0) {
      if (this.#destroying) for (const stat of left) signalSame(stat, SIGKILL);
      return;
    }
    const tell = this.#onEmpty;
    this.#onEmpty = undefined;
    this.#keeper.forget(this);
    tell();
  }
}
