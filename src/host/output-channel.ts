import { ptr } from "bun:ffi";
import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs";
import { constants as osConstants } from "node:os";
import { isatty } from "node:tty";
import { errno, libc, type Libc } from "./libc.ts";

/** One descriptor to write to without ever blocking the event loop. */
export interface OutputChannel {
  /** What to wait for when it is full. */
  readonly fd: number;
  /**
   * Writes what can be written now.
   *
   * @returns how many bytes were taken; fewer than given = it is full for now.
   * @throws the system's error, with `code`: `EPIPE` when nobody reads any more, `ENOSPC` …
   */
  write(bytes: Buffer): number;
  /** Closes what {@link openChannel} opened, never the descriptor it was given. */
  close(): void;
}

const F_SETPIPE_SZ = 1031;
/** The most a pipe may hold without privilege unless the machine says otherwise (pipe(7)). */
const PIPE_BYTES = 1_048_576;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const POLLOUT = 0x004;
const EAGAIN = 11;
const EINTR = 4;
const errorNames = new Map(Object.entries(osConstants.errno).map(([name, number]) => [number, name]));
/** What poll(2) promises of a pipe: this much can be written without waiting (PIPE_BUF, pipe(7)). */
const PIPE_BUF = 4096;

/**
 * A way to write to `fd` that leaves its description as it is: others (the shell, `less`) share it, and O_NONBLOCK set
 * there would be set for them too.
 */
export function openChannel(fd: number): OutputChannel {
  const stat = fstatSync(fd);
  const c = libc();
  if (stat.isFIFO() || isatty(fd)) return reopened(fd, c) ?? guarded(fd, c);
  if (stat.isSocket() && c !== undefined) return socket(fd, c);
  // A file, /dev/null: it takes everything at once.
  return { fd, write: (bytes) => writeWhole(fd, bytes), close: () => undefined };
}

/** The same pipe or terminal by a description of our own; undefined where it may not be opened (another user's). */
function reopened(fd: number, c: Libc | undefined): OutputChannel | undefined {
  try {
    const own = openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    // Best effort, and harmless to whoever shares it: the fuller the pipe, the fewer the times that both sides wait.
    c?.fcntl(own, F_SETPIPE_SZ, PIPE_BYTES);
    const write = (bytes: Buffer) =>
      c === undefined ? writeSome(own, bytes) : countOrThrow(c, c.write(own, ptr(bytes), bytes.length));
    return { fd: own, write, close: () => closeSync(own) };
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return undefined;
  }
}

function socket(fd: number, c: Libc): OutputChannel {
  const write = (bytes: Buffer) => countOrThrow(c, c.send(fd, ptr(bytes), bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL));
  return { fd, write, close: () => undefined };
}

/** Blocking writes, each only as large as is sure not to block. Without the C library: plain blocking writes. */
function guarded(fd: number, c: Libc | undefined): OutputChannel {
  const poll = new Int32Array(2);
  const write = (bytes: Buffer) => {
    let written = 0;
    while (written < bytes.length) {
      poll[0] = fd;
      poll[1] = POLLOUT;
      if (c !== undefined && c.poll(ptr(poll), 1, 0) <= 0) break;
      const count = writeSome(fd, bytes.subarray(written, written + PIPE_BUF));
      // Whoever shares it may have made it non-blocking.
      if (count === 0) break;
      written += count;
    }
    return written;
  };
  return { fd, write, close: () => undefined };
}

function writeSome(fd: number, bytes: Buffer): number {
  try {
    return writeSync(fd, bytes);
  } catch (error) {
    if (codeOf(error) === "EAGAIN") return 0;
    throw error;
  }
}

function writeWhole(fd: number, bytes: Buffer): number {
  let written = 0;
  while (written < bytes.length) {
    const count = writeSome(fd, bytes.subarray(written));
    if (count === 0) break;
    written += count;
  }
  return written;
}

function countOrThrow(c: Libc, count: number): number {
  if (count >= 0) return count;
  const reason = errno(c);
  if (reason === EAGAIN || reason === EINTR) return 0;
  const code = errorNames.get(reason) ?? `errno ${reason}`;
  throw Object.assign(new Error(`Cannot write to stdout: ${code}`), { code });
}

/** The system's name of an error, `EPIPE`; undefined when it is no system error. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
