import { basename } from "node:path";
import pidusage from "pidusage";
import type { TreeUsage, Usage } from "../wire/stats-body.ts";
import { userNames } from "./identity.ts";
import { descendantsOf, isAlive, procStat, readProc } from "./proc-stat.ts";

/** What one process uses now; its part of a processor is since it was last asked, since its start the first time. */
export type ProcessUsage = Usage;

/** What a process uses, and each of its descendants. */
export type ProcessStats = TreeUsage;

type Measured = pidusage.Status;

function describe(osPid: number, usage: Measured, names: ReadonlyMap<number, string>): ProcessUsage | undefined {
  const uid = /^Uid:\s+(\d+)/m.exec(readProc(osPid, "status") ?? "")?.[1];
  const stat = procStat(osPid);
  if (uid === undefined || stat === undefined) return undefined;
  const [command = ""] = (readProc(osPid, "cmdline") ?? "").split("\0");
  return {
    osPid,
    cpuPercent: usage.cpu,
    memoryBytes: usage.memory,
    virtualBytes: stat.virtualBytes,
    cpuTimeMs: usage.ctime,
    username: names.get(Number(uid)) ?? uid,
    nice: stat.nice,
    commandLine: basename(command),
  };
}

/**
 * Looks once at all of these processes and their descendants: one pass of pidusage, and what that can't tell read beside it.
 *
 * @returns by os pid; a process that has gone is left out.
 */
export async function processStats(osPids: readonly number[]): Promise<Map<number, ProcessStats>> {
  const trees = new Map(osPids.map((osPid) => [osPid, descendantsOf([osPid])]));
  const all = [...new Set([...trees.values()].flat())];
  if (all.length === 0) return new Map();
  const usages = await usageOf(all);
  const names = userNames();
  const read = (osPid: number): ProcessUsage[] => {
    const usage = usages.get(osPid);
    return usage === undefined ? [] : [describe(osPid, usage, names)].filter((one) => one !== undefined);
  };
  const stats = new Map<number, ProcessStats>();
  for (const [osPid, tree] of trees) {
    const [own] = read(osPid);
    const children = tree.filter((pid) => pid !== osPid).flatMap(read);
    if (own !== undefined) stats.set(osPid, { ...own, children });
  }
  return stats;
}

/** How often a pass is tried again because somebody died in the middle of it. */
const TRIES = 5;

/** pidusage fails as a whole when a process goes while it looks, and gives null for one that had gone before. */
async function usageOf(osPids: readonly number[]): Promise<Map<number, Measured>> {
  let alive = [...osPids];
  for (let tries = 0; tries < TRIES && alive.length > 0; tries++) {
    try {
      const told: Record<string, Measured | null> = await pidusage(alive);
      return new Map(Object.entries(told).flatMap(([pid, usage]) => (usage === null ? [] : [[Number(pid), usage]])));
    } catch (error) {
      if (!isGone(error)) throw error;
      alive = alive.filter((pid) => isAlive(procStat(pid)));
    }
  }
  return new Map();
}

function isGone(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    ("code" in error && (error.code === "ESRCH" || error.code === "ENOENT")) || /No matching pid/i.test(error.message)
  );
}

/** Lets go of what pidusage keeps from one look to the next, and of the timer it keeps it with. */
export function forgetUsage(): void {
  pidusage.clear();
}
