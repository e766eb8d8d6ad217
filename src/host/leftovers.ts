import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { SpawnJournal, SpawnRecord } from "../manager/spawn-journal.ts";
import { killCgroup, removeCgroup } from "./cgroup-tree.ts";
import { signalFound } from "./found-tree.ts";
import { isSame, procStat, readProc } from "./proc-stat.ts";
import { type Found, ProcessSearch } from "./process-search.ts";
import { sendSignal } from "./process-tree.ts";

const SIGTERM = 15;
const SIGKILL = 9;
/** How often those that are being stopped are looked at, in milliseconds. */
const LOOK_MS = 10;
/** Looks at the whole machine in a row that must find nobody: a fork that was under way is found, too. */
const QUIET_LOOKS = 2;
/** How long a SIGKILL may take before a process counts as one that can't be killed, in milliseconds. */
const DYING_MS = 5000;
/** The longest that any of them is waited for before its SIGKILL, in milliseconds. */
const LIMIT_MS = 10_000;

/** What was left of an earlier life, and what became of it. */
export interface LeftoverReport {
  /** Processes that were found alive, detached ones aside. */
  readonly found: number;
  /** Those of them that had to be killed by SIGKILL. */
  readonly killed: number;
  /** Labels of what they were processes of; those that are known. */
  readonly labels: readonly string[];
  /** Pids of those that live on though they were killed: they hang in the kernel. */
  readonly stuck: readonly number[];
  /** Detached processes that live on, for {@link LocalHostOptions.detached}. */
  readonly detached: readonly SpawnRecord[];
}

/**
 * Stops everything that an earlier life of this gaffer left behind, but detached processes: each by its own signal and within
 * its own graceful timeout, all at the same time, then by SIGKILL. To be called before anything is spawned.
 *
 * @param options - `limitMs`: the longest that any is waited for before its SIGKILL. @defaultValue 10 s
 */
export async function stopLeftovers(
  journal: SpawnJournal,
  { limitMs = LIMIT_MS }: { readonly limitMs?: number } = {},
): Promise<LeftoverReport> {
  const records = journal.left;
  const detached = livingDetached(records);
  const search = new ProcessSearch(records, journal);
  const round = new StopRound(
    () => search.look().filter(({ record }) => record === undefined || !detached.has(record)),
    limitMs,
  );
  const stuck = await round.run();
  const held = new Set(stuck.map(({ record }) => record));
  for (const record of records) if (!detached.has(record) && !held.has(record)) journal.forget(record);
  for (const folder of journal.folders) removeGroups(folder, journal.instance);
  const { found, killed, labels } = round;
  return { found, killed, labels: [...labels], stuck: stuck.map(({ pid }) => pid), detached: [...detached] };
}

/** Detached processes whose leader lives, one a label. */
function livingDetached(records: readonly SpawnRecord[]): Set<SpawnRecord> {
  const living = records.filter(
    ({ detach, osPid: pid = 0, start = -1 }) => detach && pid > 0 && isSame({ pid, start }),
  );
  return new Set(new Map(living.map((record) => [record.label, record])).values());
}

/** Takes away the empty ones of the groups beside `folder` that this instance made. */
function removeGroups(folder: string, instance: string): void {
  const parent = dirname(folder);
  if (!existsSync(parent)) return;
  const own = new RegExp(`^gaffer-${instance}(-\\d+)?$`);
  for (const name of readdirSync(parent)) if (own.test(name)) removeCgroup(join(parent, name));
}

/** Stops whomever a search finds, until it finds nobody. */
class StopRound {
  readonly labels = new Set<string>();
  readonly #look: () => Found[];
  readonly #limitMs: number;
  readonly #ownGroups = ownGroups();
  /** When each record's processes are killed, and since when those of none. */
  readonly #deadlines = new Map<SpawnRecord | undefined, number>();
  readonly #asked = new Set<string>();
  readonly #killed = new Set<string>();

  constructor(look: () => Found[], limitMs: number) {
    this.#look = look;
    this.#limitMs = limitMs;
  }

  get found(): number {
    return this.#asked.size;
  }

  get killed(): number {
    return this.#killed.size;
  }

  /** @returns those that can't be killed. */
  async run(): Promise<readonly Found[]> {
    let left = this.#look();
    if (left.length === 0) return left;
    this.#ask(left);
    for (let quiet = 0; quiet < QUIET_LOOKS;) {
      await Bun.sleep(LOOK_MS);
      left = left.filter(isSame);
      if (left.length === 0) {
        left = this.#look();
        quiet = left.length === 0 ? quiet + 1 : 0;
      } else if (this.#late(left).length > 0) left = this.#killLate();
      this.#ask(left);
      if (this.#isHopeless(left)) return left;
    }
    return [];
  }

  #late(left: readonly Found[]): Found[] {
    const now = performance.now();
    return left.filter(({ record }) => now >= (this.#deadlines.get(record) ?? Infinity));
  }

  #isHopeless(left: readonly Found[]): boolean {
    const last = Math.max(...this.#deadlines.values());
    return left.length > 0 && performance.now() > last + DYING_MS;
  }

  /** Asks those to stop that were not asked yet; a group at a time, so that whoever is being forked is asked, too. */
  #ask(found: readonly Found[]): void {
    const fresh = found.filter((one) => !this.#asked.has(keyOf(one)));
    for (const one of fresh) {
      this.#asked.add(keyOf(one));
      const { record } = one;
      if (record !== undefined) this.labels.add(record.label);
      const wait = Math.min(record?.gracefulTimeoutMs ?? this.#limitMs, this.#limitMs);
      if (!this.#deadlines.has(record)) this.#deadlines.set(record, performance.now() + wait);
    }
    this.#signal(fresh, ({ record }) => (record?.gracefulTimeoutMs === 0 ? SIGKILL : (record?.stopSignal ?? SIGTERM)));
  }

  #signal(found: readonly Found[], signalFor: (one: Found) => number): void {
    const done = new Set<number>();
    for (const one of found) {
      const isGroup = !this.#ownGroups.has(one.pgid);
      if (!isGroup) signalFound([one], signalFor(one));
      else if (!done.has(one.pgid) && isSame(one)) {
        // Nobody but the members of a session are in its groups: one that is ours makes the group ours.
        done.add(one.pgid);
        sendSignal(-one.pgid, signalFor(one));
      }
    }
  }

  /** SIGKILLs whose time is over, by a look at the whole machine. */
  #killLate(): Found[] {
    const left = this.#look();
    const late = this.#late(left);
    for (const one of late) this.#killed.add(keyOf(one));
    for (const folder of new Set(late.map(({ record }) => record?.folder)))
      if (folder !== undefined && existsSync(folder) && !isOurs(folder)) killCgroup(folder);
    this.#signal(late, () => SIGKILL);
    return left;
  }
}

const keyOf = ({ pid, start }: Found): string => `${pid} ${start}`;

/** Whether we live in that control group: a process of the last life may have started us. */
function isOurs(folder: string): boolean {
  const tail = folder.split("/").slice(-2).join("/");
  return (readProc(process.pid, "cgroup") ?? "").replaceAll("\n", "/\n").includes(`/${tail}/`);
}

/** The process groups that we and those who started us are in. */
function ownGroups(): Set<number> {
  const groups = new Set<number>();
  for (let stat = procStat(process.pid); stat !== undefined && stat.pid > 1; stat = procStat(stat.ppid))
    groups.add(stat.pgid);
  return groups;
}
