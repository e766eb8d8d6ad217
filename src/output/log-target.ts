import { closeSync, constants, fstatSync, ftruncateSync, openSync, type Stats, writeSync } from "node:fs";
import { StreamTarget } from "./stream-target.ts";
import { systemCode } from "./log-problem.ts";

/** An open log file. */
export interface LogTarget {
  /** What was opened; its size is that of then. */
  readonly stat: Stats;
  /** Whether it may be rotated. */
  readonly rotatable: boolean;
  /** Bytes taken and not yet written. */
  readonly pendingBytes: number;
  /** Writes bytes, or as many as can be; of a regular file, no torn line then. Never throws a system error. */
  write(bytes: Buffer): Written;
  close(): void;
}

/** What came of a write. */
export interface Written {
  readonly count: number;
  /** The system's name of what kept the rest from being written; `EAGAIN` = a reader does not keep up. */
  readonly code?: string | undefined;
}

/** Settings of {@link openTarget}. */
export interface TargetOptions {
  /** Told of bytes that were taken and could not be written after all. */
  readonly onLost: (lostBytes: number, code: string) => void;
  /** All that waited for a slow reader is written. */
  readonly onDrained: () => void;
}

/** The log may hold what others must not read; a group of readers (Debian's `adm`) is usual. The umask takes from it. */
const MODE = 0o640;
// A fifo without reader must not hold us, nor may a terminal become ours. Bun adds O_CLOEXEC.
const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * Opens a log file to append to it, and makes it when it is not there.
 *
 * @throws the system's error, with `code`.
 */
export function openTarget(path: string, options: TargetOptions): LogTarget {
  const { fd, owned } = openLog(path);
  try {
    const stat = fstatSync(fd);
    return stat.isFile() ? new FileTarget(fd, path, stat) : new StreamTarget({ fd, owned, stat, ...options });
  } catch (error) {
    if (owned) closeSync(fd);
    throw error;
  }
}

/**
 * Opens a log file as {@link openTarget} does, and leaves the descriptor to the caller.
 *
 * @returns `owned`: whether it is to be closed; our own output stays open.
 * @throws the system's error, with `code`.
 */
export function openLog(path: string): { fd: number; owned: boolean } {
  try {
    // Not O_CREAT at once: a fifo of another user may not be opened so in a sticky folder (protected_fifos, proc(5)).
    return { fd: openSync(path, FLAGS), owned: true };
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT") return { fd: openSync(path, FLAGS | constants.O_CREAT, MODE), owned: true };
    const ours = code === "ENXIO" ? ownDescriptor(path) : undefined;
    if (ours === undefined) throw error;
    return { fd: ours, owned: false };
  }
}

/** Our own output when it is a socket (the journal's): that can't be opened by name. */
function ownDescriptor(path: string): number | undefined {
  const fd = path === "/dev/stdout" ? 1 : path === "/dev/stderr" ? 2 : undefined;
  return fd !== undefined && fstatSync(fd).isSocket() ? fd : undefined;
}

/** Our own stdout or stderr, to which somebody else gave the name. */
function isOwnOutput(stat: Stats): boolean {
  return [1, 2].some((fd) => {
    try {
      return isSameFile(fstatSync(fd), stat);
    } catch (error) {
      systemCode(error);
      return false;
    }
  });
}

/** Whether both are one file, whatever it is called. */
export function isSameFile(one: Stats, other: Stats): boolean {
  return one.ino === other.ino && one.dev === other.dev;
}

const NEWLINE = 10;

class FileTarget implements LogTarget {
  readonly stat: Stats;
  readonly rotatable: boolean;
  readonly pendingBytes = 0;
  readonly #fd: number;

  constructor(fd: number, path: string, stat: Stats) {
    this.#fd = fd;
    this.stat = stat;
    this.rotatable = !/^\/(?:dev|proc)\//.test(path) && !isOwnOutput(stat);
  }

  write(bytes: Buffer): Written {
    let count = 0;
    while (count < bytes.length) {
      try {
        count += writeSync(this.#fd, bytes, count, bytes.length - count);
      } catch (error) {
        const code = systemCode(error);
        return { count: this.#wholeLines(bytes, count), code };
      }
    }
    return { count };
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** Takes the torn end of what was written back, so that what is there are whole lines. */
  #wholeLines(bytes: Buffer, count: number): number {
    if (count === 0) return 0;
    const whole = bytes.lastIndexOf(NEWLINE, count - 1) + 1;
    try {
      ftruncateSync(this.#fd, fstatSync(this.#fd).size - (count - whole));
      return whole;
    } catch (error) {
      systemCode(error);
      return count;
    }
  }
}
