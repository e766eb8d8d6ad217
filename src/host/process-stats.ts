import pidusage from "pidusage";
import { userNames } from "./identity.ts";
import { childrenOf, descendantsOf, isAlive, procStat, readProc } from "./proc-stat.ts";

/** What one process uses, and those below it. */
export interface ProcessUsage {
  readonly osPid: number;
  /** Per cent of one core since the last look at this process; 0 at the first. */
  readonly cpu: number;
  /** User and system time since its start, in milliseconds. */
  readonly cpuTime: number;
  /** Time since its start, in milliseconds. */
  readonly elapsed: number;
  /** Resident memory in bytes. */
  readonly memory: number;
  /** Virtual memory in bytes. */
  readonly virtualMemory: number;
  /** Whom it runs as; the number where the machine has no name for it. */
  readonly username: string;
  /** Scheduling priority as of nice(2): -20…19. */
  readonly nice: number;
  /** Program and arguments; empty for a process that has cleared them. */
  readonly command: readonly string[];
  readonly children: readonly ProcessUsage[];
}

/** What is known of the processes of one pass. */
interface Pass {
  readonly usages: Readonly<Record<string, pidusage.Status | null>>;
  readonly names: ReadonlyMap<number, string>;
}

/** How long the last look at a process is remembered for its next percentage, in milliseconds: pidusage's own default. */
const REMEMBERED_MS = 60_000;

/** Looks at what processes use: one pass for all that are asked for, nothing between passes. */
export class ProcessStats {
  /** pidusage holds a file open per process: two passes at once would open it twice and lose one. */
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Looks at processes and all below them.
   *
   * @returns by pid as asked; one that is gone, or goes meanwhile, is left out.
   */
  async sample(osPids: readonly number[]): Promise<ReadonlyMap<number, ProcessUsage>> {
    const pass = this.#last.then(() => look(osPids));
    this.#last = pass.catch(() => undefined);
    return pass;
  }
}

const options = { maxage: REMEMBERED_MS };

async function look(osPids: readonly number[]): Promise<ReadonlyMap<number, ProcessUsage>> {
  const living = descendantsOf(osPids).filter((pid) => isAlive(procStat(pid)));
  if (living.length === 0) return new Map();
  const pass = { usages: await usagesOf(living), names: userNames() };
  return new Map(osPids.flatMap((pid) => usageOf(pid, pass)).map((usage) => [usage.osPid, usage]));
}

async function usagesOf(pids: readonly number[]): Promise<Pass["usages"]> {
  // Of several, those that go meanwhile are null; of one alone it would be an error. We ourselves are surely there.
  const asked = [...new Set([...pids, process.pid])];
  const usages: Pass["usages"] = await pidusage([...asked], options);
  const isMissed = (pid: number): boolean => !usages[pid] && isAlive(procStat(pid));
  if (!asked.some(isMissed)) return usages;
  // pidusage remembers an earlier process of that pid, and would do so for as long as it is asked.
  pidusage.clear();
  return pidusage(asked, options);
}

/** One process with those below it, as a list of one, or of none when it is gone. */
function usageOf(pid: number, pass: Pass): ProcessUsage[] {
  const stat = procStat(pid);
  const usage = pass.usages[pid];
  const command = readProc(pid, "cmdline");
  const uid = /^Uid:\s+\d+\s+(\d+)/m.exec(readProc(pid, "status") ?? "")?.[1];
  if (!isAlive(stat) || !usage || command === undefined || uid === undefined) return [];
  return [
    {
      osPid: pid,
      cpu: usage.cpu,
      cpuTime: usage.ctime,
      elapsed: usage.elapsed,
      memory: usage.memory,
      virtualMemory: stat.virtualMemory,
      username: pass.names.get(Number(uid)) ?? uid,
      nice: stat.nice,
      command: Buffer.from(command, "latin1").toString().split("\0").slice(0, -1),
      children: childrenOf(pid).flatMap((child) => usageOf(child, pass)),
    },
  ];
}
