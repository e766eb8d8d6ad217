import { dlopen, ptr, read } from "bun:ffi";

/**
 * The C library's calls that Bun does not offer. Arguments are Linux's; see each call's manual page in section 2.
 * A byte count fits 32 bits here: no call of ours moves 2 GiB at once.
 */
const calls = {
  pipe2: { args: ["ptr", "i32"], returns: "i32" },
  socketpair: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
  fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
  lseek: { args: ["i32", "i64", "i32"], returns: "i64" },
  read: { args: ["i32", "ptr", "u64"], returns: "i32" },
  write: { args: ["i32", "ptr", "u64"], returns: "i32" },
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  sendto: { args: ["i32", "ptr", "u64", "i32", "ptr", "u32"], returns: "i32" },
  send: { args: ["i32", "ptr", "u64", "i32"], returns: "i32" },
  poll: { args: ["ptr", "u64", "i32"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
  waitid: { args: ["i32", "u32", "ptr", "i32"], returns: "i32" },
  prctl: { args: ["i32", "u64", "u64", "u64", "u64"], returns: "i32" },
  prlimit: { args: ["i32", "i32", "ptr", "ptr"], returns: "i32" },
  epoll_create1: { args: ["i32"], returns: "i32" },
  epoll_ctl: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
  epoll_wait: { args: ["i32", "ptr", "i32", "i32"], returns: "i32" },
  setgroups: { args: ["u64", "ptr"], returns: "i32" },
  setresgid: { args: ["u32", "u32", "u32"], returns: "i32" },
  setresuid: { args: ["u32", "u32", "u32"], returns: "i32" },
  execv: { args: ["ptr", "ptr"], returns: "i32" },
  setenv: { args: ["ptr", "ptr", "i32"], returns: "i32" },
  unsetenv: { args: ["ptr"], returns: "i32" },
  signal: { args: ["i32", "ptr"], returns: "ptr" },
  sigprocmask: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  flock: { args: ["i32", "i32"], returns: "i32" },
  /** With up to three arguments. A variadic function, which on Linux is called like any other. */
  syscall: { args: ["i64", "i64", "i64", "i64"], returns: "i32" },
  madvise: { args: ["u64", "u64", "i32"], returns: "i32" },
  __errno_location: { args: [], returns: "ptr" },
} as const;

/** The loaded calls, by name. */
export type Libc = ReturnType<typeof dlopen<typeof calls>>["symbols"];

const names = ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`];

let loaded: Libc | undefined | null;

/**
 * The C library, opened at the first call.
 *
 * @returns undefined where it cannot be had: not Linux, or a machine that forbids writable and executable memory.
 */
export function libc(): Libc | undefined {
  loaded ??= process.platform === "linux" ? (open() ?? null) : null;
  return loaded ?? undefined;
}

function open(): Libc | undefined {
  for (const name of names) {
    try {
      return dlopen(name, calls).symbols;
    } catch {
      continue;
    }
  }
  return undefined;
}

/** `errno` of the call just made. */
export function errno(c: Libc): number {
  const at = c.__errno_location();
  return typeof at === "number" ? read.i32(at) : 0;
}

const O_CLOEXEC = 0x80000;
const ends = new Int32Array(2);

/**
 * A pipe whose two ends no child inherits by accident.
 *
 * @returns `[read end, write end]`, or undefined when the machine has no descriptor left.
 */
export function openPipe(c: Libc): readonly [readEnd: number, writeEnd: number] | undefined {
  if (c.pipe2(ptr(ends), O_CLOEXEC) !== 0) return undefined;
  const [readEnd, writeEnd] = ends;
  return readEnd === undefined || writeEnd === undefined ? undefined : [readEnd, writeEnd];
}

const AF_UNIX = 1;
const SOCK_STREAM_CLOEXEC = 0x80001;

/**
 * Two connected stream sockets that no child inherits by accident.
 *
 * @returns both, or undefined when the machine has no descriptor left.
 */
export function openSocketPair(c: Libc): readonly [one: number, other: number] | undefined {
  if (c.socketpair(AF_UNIX, SOCK_STREAM_CLOEXEC, 0, ptr(ends)) !== 0) return undefined;
  const [one, other] = ends;
  return one === undefined || other === undefined ? undefined : [one, other];
}

const F_DUPFD_CLOEXEC = 1030;

/** A second descriptor of the same file, above 2. @returns undefined when none is left */
export function duplicate(c: Libc, fd: number): number | undefined {
  const copy = c.fcntl(fd, F_DUPFD_CLOEXEC, 3);
  return copy < 0 ? undefined : copy;
}
