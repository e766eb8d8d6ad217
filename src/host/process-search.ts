import type { SpawnRecord } from "../manager/spawn-journal.ts";
import { everybody, type ProcStat, procStat, readProc, standardStreams } from "./proc-stat.ts";
import { tokenOf } from "./tree-token.ts";

/** A process that was found, and the record of the one it belongs to. */
export interface Found extends ProcStat {
  /** Undefined when only the instance is known that it is of. */
  readonly record: SpawnRecord | undefined;
}

/** Marks by which processes of an instance are told whose record is lost. */
export interface InstanceMarks {
  readonly instance: string;
  readonly tokenPrefix: string;
}

type Owner = SpawnRecord | "unknown";

/**
 * Finds the living processes of records that somebody wrote down in an earlier life: by pid and start time, by the token in
 * the environment, by control group, and whoever is of a session of theirs, below them, or holds a pipe of their leader's. Never finds us, nor whoever started us.
 */
export class ProcessSearch {
  readonly #byStart = new Map<string, SpawnRecord>();
  readonly #byToken = new Map<string, SpawnRecord>();
  /** By the last two names of their control groups: the instance's, and their own. */
  readonly #byGroup = new Map<string, SpawnRecord[]>();
  readonly #marks: InstanceMarks | undefined;
  readonly #spared: ReadonlySet<number> = ownLine();

  /** @param marks - given, processes without a record are found by them, too: only before anything is spawned. */
  constructor(records: readonly SpawnRecord[], marks?: InstanceMarks) {
    this.#marks = marks;
    for (const record of records) {
      if (record.osPid !== undefined) this.#byStart.set(`${record.osPid} ${record.start}`, record);
      this.#byToken.set(record.token, record);
      const tail = record.folder?.split("/").slice(-2).join("/");
      if (tail !== undefined) this.#byGroup.set(tail, [...(this.#byGroup.get(tail) ?? []), record]);
    }
  }

  /** One look at the whole machine: about 60 µs a process. */
  look(): Found[] {
    const all = everybody().filter(({ pid }) => !this.#spared.has(pid));
    const owners = new Map<number, Owner>();
    for (const stat of all) {
      const owner = this.#ownerOf(stat);
      if (owner !== undefined) owners.set(stat.pid, owner);
    }
    spread(all, owners);
    return all.flatMap((stat) => {
      const owner = owners.get(stat.pid);
      return owner === undefined ? [] : [{ ...stat, record: owner === "unknown" ? undefined : owner }];
    });
  }

  #ownerOf({ pid, start }: ProcStat): Owner | undefined {
    return this.#byStart.get(`${pid} ${start}`) ?? this.#tokensOwner(pid) ?? this.#groupsOwner(pid);
  }

  #tokensOwner(pid: number): Owner | undefined {
    const token = tokenOf(readProc(pid, "environ") ?? "");
    if (token === undefined) return undefined;
    const isOurs = this.#marks !== undefined && token.startsWith(this.#marks.tokenPrefix);
    return this.#byToken.get(token) ?? (isOurs ? "unknown" : undefined);
  }

  #groupsOwner(pid: number): Owner | undefined {
    if (this.#marks === undefined && this.#byGroup.size === 0) return undefined;
    const path = /^0::(.*)$/m.exec(readProc(pid, "cgroup") ?? "")?.[1] ?? "";
    for (const [tail, instance] of path.matchAll(/(?<=\/)gaffer-([^/]+?)(?:-\d+)?\/[^/]+/g)) {
      const [first, ...others] = this.#byGroup.get(tail) ?? [];
      const above = path.slice(0, path.indexOf(tail) + tail.length);
      const record = others.length === 0 ? first : [first, ...others].find((one) => one?.folder?.endsWith(above));
      if (record !== undefined) return record;
      if (instance === this.#marks?.instance) return "unknown";
    }
    return undefined;
  }
}

/** This process, and all it descends from. */
function ownLine(): Set<number> {
  const line = new Set<number>();
  for (let pid = process.pid; pid > 0 && !line.has(pid); pid = procStat(pid)?.ppid ?? 0) line.add(pid);
  return line;
}

/** Gives owners to whoever is of a session of theirs, below them, or holds a pipe of a leader's. */
function spread(all: readonly ProcStat[], owners: Map<number, Owner>): void {
  const own = procStat(process.pid)?.sid;
  giveByPipe(all, owners);
  for (let before = -1; before < owners.size;) {
    before = owners.size;
    const sessions = new Map<number, Owner>();
    for (const { pid, sid } of all) {
      const owner = owners.get(pid);
      if (owner !== undefined && sid !== own) sessions.set(sid, owner);
    }
    for (const { pid, ppid, sid } of all) {
      const owner = owners.get(pid) ?? owners.get(ppid) ?? sessions.get(sid);
      if (owner !== undefined) owners.set(pid, owner);
    }
  }
}

/** The pipes that a process holds as stdin, stdout and stderr. */
const pipesOf = (pid: number): string[] => standardStreams(pid).filter((name) => name.startsWith("pipe:"));

/**
 * Gives owners to who holds a pipe that a leader was given, when nothing else tells whose it is: it cleared its environment,
 * began a session of its own, and lost its parent. Somebody whose parent is of its own session is no such orphan, and may
 * have come by the pipe in another way.
 */
function giveByPipe(all: readonly ProcStat[], owners: Map<number, Owner>): void {
  const leaders = all.flatMap(({ pid, start }) => {
    const owner = owners.get(pid);
    return owner === undefined || owner === "unknown" || owner.osPid !== pid ? [] : [{ owner, pid, start }];
  });
  const pipes = new Map(leaders.flatMap((leader) => pipesOf(leader.pid).map((name) => [name, leader] as const)));
  if (pipes.size === 0) return;
  const sessionOf = new Map(all.map(({ pid, sid }) => [pid, sid]));
  for (const { pid, ppid, sid, start } of all) {
    if (owners.has(pid) || sessionOf.get(ppid) === sid) continue;
    const leader = pipesOf(pid).flatMap((name) => pipes.get(name) ?? [])[0];
    if (leader !== undefined && start >= leader.start) owners.set(pid, leader.owner);
  }
}
