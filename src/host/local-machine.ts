import { readFileSync } from "node:fs";
import { errno, libc } from "./libc.ts";
import { isAlive, procStat } from "./proc-stat.ts";

const LOCK_EX = 2;
const LOCK_NB = 4;
const EWOULDBLOCK = 11;

/** Clock ticks a second in what proc(5) tells: fixed for programs on every architecture that Bun runs on. @see time(7) */
const TICKS = 100;

function readBootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  } catch {
    return "unknown";
  }
}

/** How long a process that started at `start` (clock ticks since boot) has lived, in milliseconds. */
export function ageMs(start: number): number {
  const uptime = Number.parseFloat(readFileSync("/proc/uptime", "latin1"));
  return Math.max(0, Math.round((uptime - start / TICKS) * 1000));
}

/** What a state folder needs of a machine. */
export interface LocalMachine {
  /** Tells one start of the machine from another. */
  readonly bootId: string;
  /** Start time of a living process, in clock ticks since boot; undefined when there is none of that pid. */
  startOf(pid: number): number | undefined;
  /** Locks an open file; undefined where that can't be done. @see flock(2) */
  lock(fd: number): "locked" | "held" | undefined;
}

/** This machine. */
export const localMachine: LocalMachine = {
  bootId: readBootId(),

  startOf(pid) {
    const stat = procStat(pid);
    return isAlive(stat) ? stat.start : undefined;
  },

  lock(fd) {
    const c = libc();
    if (c === undefined) return undefined;
    if (c.flock(fd, LOCK_EX | LOCK_NB) === 0) return "locked";
    return errno(c) === EWOULDBLOCK ? "held" : undefined;
  },
};
