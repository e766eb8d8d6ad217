import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** What proc(5) says of one process. */
export interface ProcStat {
  readonly pid: number;
  /** `R`, `S`, … `Z` = a zombie: dead, not yet reaped. */
  readonly state: string;
  readonly ppid: number;
  readonly pgid: number;
  readonly sid: number;
  /** Start time in clock ticks since boot: with the pid, it names one process for ever. */
  readonly start: number;
  /** -20 … 19; see nice(2). */
  readonly nice: number;
  /** Address space, in bytes. */
  readonly virtualBytes: number;
  /** Processor time used so far, in milliseconds. */
  readonly cpuTimeMs: number;
}

/** A clock tick of proc(5), in milliseconds: USER_HZ is 100 on every Linux that Bun runs on. @see Linux `include/asm-generic/param.h` */
export const TICK_MS = 10;

/** A process now; undefined when there is none of that pid. */
export function procStat(pid: number): ProcStat | undefined {
  const text = readProc(pid, "stat");
  if (text === undefined) return undefined;
  // The name in parentheses may hold spaces and parentheses itself.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const number = (at: number): number => Number(fields[at]);
  return {
    pid,
    state: fields[0] ?? "X",
    ppid: number(1),
    pgid: number(2),
    sid: number(3),
    start: number(19),
    nice: number(16),
    virtualBytes: number(20),
    cpuTimeMs: (number(11) + number(12)) * TICK_MS,
  };
}

/** Whether a process of that pid is alive; a zombie is dead. */
export function isAlive(stat: ProcStat | undefined): stat is ProcStat {
  return stat !== undefined && stat.state !== "Z" && stat.state !== "X";
}

/** Whether a process that was seen lives on: a pid alone may be another's by now. */
export function isSame({ pid, start }: Pick<ProcStat, "pid" | "start">): boolean {
  const now = procStat(pid);
  return isAlive(now) && now.start === start;
}

/** Every living process that can be seen. */
export function everybody(): ProcStat[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => procStat(Number(name)))
    .filter(isAlive);
}

/** A file of `/proc/PID`, or of `/proc`; undefined when the process is gone or not ours to look at. */
export function readProc(pid: number | "", name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "latin1");
  } catch {
    return undefined;
  }
}

/** Pids of the children of a process, zombies included. */
export function childrenOf(pid: number): number[] {
  return threadsOf(pid).flatMap((thread) =>
    (readProc(pid, `task/${thread}/children`) ?? "").split(" ").filter(Boolean).map(Number),
  );
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** A process and everything below it, as far as parents tell. */
export function descendantsOf(pids: readonly number[]): number[] {
  const found = new Set(pids);
  for (const pid of found) for (const child of childrenOf(pid)) found.add(child);
  return [...found];
}

/** Names (`pipe:[N]`, `socket:[N]`) of what a process holds as stdin, stdout and stderr. */
export function standardStreams(pid: number): string[] {
  return [0, 1, 2].flatMap((fd) => {
    try {
      const name = readlinkSync(`/proc/${pid}/fd/${fd}`);
      return /^(pipe|socket):/.test(name) ? [name] : [];
    } catch {
      return [];
    }
  });
}
