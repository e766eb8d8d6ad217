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
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const state = stat.charAt(stat.lastIndexOf(")") + 2);
    return state !== "Z" && state !== "X" && readFileSync(`/proc/${pid}/cmdline`, "latin1").includes(mark);
  } catch {
    // It ended between the listing and the look.
    return false;
  }
}
