import { readdirSync, readFileSync } from "node:fs";

/**
 * The pids of every living process whose command line holds `mark`, whoever its parent is. Zombies are dead.
 *
 * @param mark - a text that only the processes of one test carry.
 */
export function markedProcesses(mark: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter((pid) => isMarked(pid, mark));
}

function isMarked(pid: number, mark: string): boolean {
  try {
    for (;;) {
      const line = readFileSync(`/proc/${pid}/cmdline`, "latin1");
      if (line !== "") return line.includes(mark) && isAlive(pid);
      // In the midst of an exec it has none for a moment; the dead and the kernel's own have none at all.
      if (!isAlive(pid) || isOfKernel(pid)) return false;
    }
  } catch {
    // It ended between the listing and the look.
    return false;
  }
}

const statOf = (pid: number): string[] => {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
};

const isAlive = (pid: number): boolean => !/^[ZX]/.test(statOf(pid)[0] ?? "");

/** Threads of the kernel are children of kthreadd, which is 2. @see proc_pid_stat(5) */
const isOfKernel = (pid: number): boolean => pid === 2 || statOf(pid)[1] === "2" || statOf(pid)[1] === "0";
