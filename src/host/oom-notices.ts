import { closeSync, constants, openSync, readFileSync, readlinkSync, readSync } from "node:fs";
import { libc } from "./libc.ts";

/** The first pid namespace of a machine, whose pids the kernel's log names. @see linux/proc_ns.h */
const FIRST_PID_NAMESPACE = "pid:[4026531836]";
const SEEK_END = 2;
/** The kernel's own facility ends at this priority; what programs write into the log lies above. @see syslog(2) */
const KERNEL_PRIORITIES = 8;
/** How long a name in the log is good for, in milliseconds: its death is seen long before, and its pid may go to another. */
const GOOD_FOR_MS = 10_000;

/** Pid of the process that the kernel killed for want of memory, if this record of its log tells of one. */
export function oomVictim(record: string): number | undefined {
  const [, priority, pid] = /^(\d+),[^;]*;.*\bKilled process (\d+) \(/.exec(record) ?? [];
  return priority === undefined || Number(priority) >= KERNEL_PRIORITIES ? undefined : Number(pid);
}

/** Whether a control group has had a process killed for want of memory. @param events - text of `memory.events` */
export const countsOomKill = (events: string): boolean => /^oom_kill [1-9]/m.test(events);

/**
 * What the kernel says of those it killed for want of memory: in its log, and in a control group of version 2.
 *
 * @remarks Nothing is read but after a SIGKILL. Where the log can't be read, or names the pids of another namespace than ours, only a
 * control group with the memory controller tells.
 */
export class OomNotices implements Disposable {
  #log = openLogAtEnd();
  readonly #record = Buffer.alloc(8192);
  /** When each of those named was read of. */
  readonly #victims = new Map<number, number>();

  /** Whether this process, just found dead by SIGKILL, was the kernel's victim. @param cgroup - its own, if it had one */
  killed(pid: number, cgroup: string | undefined): boolean {
    this.#readLog();
    return this.#victims.delete(pid) || (cgroup !== undefined && countsOomKill(memoryEvents(cgroup)));
  }

  #readLog(): void {
    const now = performance.now();
    for (const [pid, at] of this.#victims) if (now - at > GOOD_FOR_MS) this.#victims.delete(pid);
    for (let record = this.#next(); record !== undefined; record = this.#next()) {
      const victim = oomVictim(record);
      if (victim !== undefined) this.#victims.set(victim, now);
    }
  }

  #next(): string | undefined {
    if (this.#log === undefined) return undefined;
    for (;;) {
      try {
        return this.#record.toString("latin1", 0, readSync(this.#log, this.#record));
      } catch (error) {
        // EPIPE: the log has gone round meanwhile, and reading goes on with the oldest it has. EAGAIN: that was all.
        if (!(error instanceof Error && "code" in error && error.code === "EPIPE")) return undefined;
      }
    }
  }

  [Symbol.dispose](): void {
    if (this.#log !== undefined) closeSync(this.#log);
    this.#log = undefined;
  }
}

/** @returns undefined where it may not be read, or speaks of other pids than ours. */
function openLogAtEnd(): number | undefined {
  const c = libc();
  if (c === undefined || readlinkSync("/proc/self/ns/pid") !== FIRST_PID_NAMESPACE) return undefined;
  try {
    const log = openSync("/dev/kmsg", constants.O_RDONLY | constants.O_NONBLOCK);
    c.lseek(log, 0, SEEK_END);
    return log;
  } catch {
    return undefined;
  }
}

function memoryEvents(cgroup: string): string {
  try {
    return readFileSync(`${cgroup}/memory.events`, "latin1");
  } catch {
    // No memory controller here.
    return "";
  }
}
