import { basename } from "node:path";
import type { TreeUsage, Usage } from "../wire/stats-body.ts";
import { userNames } from "./identity.ts";
import { descendantsOf, isAlive, procStat, readProc } from "./proc-stat.ts";
import { ProcessorShare } from "./processor-share.ts";

/** What one process uses now; its part of a processor is since it was last asked, since its start the first time. */
export type ProcessUsage = Usage;

/** What a process uses, and each of its descendants. */
export type ProcessStats = TreeUsage;

const shares = new ProcessorShare();

/** One look at the machine. */
interface Pass {
  readonly names: ReadonlyMap<number, string>;
  /** Milliseconds since the machine was started, which the start of a process is counted from, too. */
  readonly atMs: number;
}

/** One process now; undefined when it has gone, or is a zombie, which uses nothing any more. */
function usageOf(osPid: number, { names, atMs }: Pass): ProcessUsage | undefined {
  const stat = procStat(osPid);
  const status = readProc(osPid, "status");
  if (!isAlive(stat) || status === undefined) return undefined;
  const uid = /^Uid:\s+(\d+)/m.exec(status)?.[1] ?? "0";
  const [command = ""] = (readProc(osPid, "cmdline") ?? "").split("\0");
  return {
    osPid,
    cpuPercent: shares.of(stat, atMs),
    memoryBytes: Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024,
    virtualBytes: stat.virtualBytes,
    cpuTimeMs: stat.cpuTimeMs,
    username: names.get(Number(uid)) ?? uid,
    nice: stat.nice,
    commandLine: basename(command),
  };
}

/**
 * Looks once at all of these processes and their descendants, in one pass.
 *
 * @remarks Read straight from proc(5): pidusage 4 keeps a file open for each process for a minute after it was last asked, and for
 * ever after its `clear()`.
 * @returns by os pid; a process that has gone is left out.
 */
export async function processStats(osPids: readonly number[]): Promise<Map<number, ProcessStats>> {
  const stats = new Map<number, ProcessStats>();
  if (osPids.length === 0) return stats;
  const pass = { names: userNames(), atMs: Number.parseFloat(readProc("", "uptime") ?? "0") * 1000 };
  for (const [index, osPid] of osPids.entries()) {
    // A pass over a thousand processes takes tens of milliseconds: others have their turn in between.
    if (index % TURN === TURN - 1) await new Promise(setImmediate);
    const own = usageOf(osPid, pass);
    if (own === undefined) continue;
    const below = descendantsOf([osPid]).filter((pid) => pid !== osPid);
    stats.set(osPid, { ...own, children: below.flatMap((pid) => usageOf(pid, pass) ?? []) });
  }
  return stats;
}

/** Processes that are looked at in one turn: some 3 ms. */
const TURN = 50;

/** Lets go of what is kept from one look to the next. */
export function forgetUsage(): void {
  shares.clear();
}
