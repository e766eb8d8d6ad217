import { readdirSync, readFileSync } from "node:fs";

/** The pids of a process's children, zombies included; empty once it is gone. */
export function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, "latin1").split(" ").filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

/** Those that the command `name` runs in: what a supervisor starts besides them is not counted. */
export function childrenNamed(pid: number, name: string): number[] {
  return childrenOf(pid).filter((child) => {
    try {
      return readFileSync(`/proc/${child}/comm`, "latin1").trim() === name;
    } catch {
      return false;
    }
  });
}

/** Proportional share of memory of a process, in MiB. */
export function pssMiB(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? Number.NaN) / 1024;
}

/** CPU time a process has used so far, in milliseconds. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** What each thread of a process has run so far, in nanoseconds. */
export function threadTimes(pid: number): Map<string, number> {
  const threads = readdirSync(`/proc/${pid}/task`);
  return new Map(
    threads.map((tid) => [tid, Number(readFileSync(`/proc/${pid}/task/${tid}/schedstat`, "latin1").split(" ")[0])]),
  );
}

/** What a process has run between two {@link threadTimes}, in milliseconds; threads that are new count whole. */
export function ranMs(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): number {
  return [...after].reduce((sum, [tid, ns]) => sum + ns - (before.get(tid) ?? 0), 0) / 1e6;
}
