import { readFileSync } from "node:fs";
import { getSystemErrorMap } from "node:util";
import { ptr } from "bun:ffi";
import type { ResourceLimit } from "../manager/job-config.ts";
import type { Identity } from "./identity.ts";
import { errno, type Libc, libc } from "./libc.ts";
import { setOwnLimit } from "./resource-limits.ts";

/** What is done between fork and exec, in this order. */
export interface TrampolineSteps {
  readonly path: string;
  readonly limits: readonly (readonly [number: number, soft: number | null, hard: number | null])[];
  readonly identity: Identity | undefined;
  /** Whether the program is told its own pid in LISTEN_PID. */
  readonly listenPid: boolean;
  /** Descriptor that a failure is written to, the last one; exec closes it. */
  readonly report: number;
}

/** Which step failed, and how: one line of JSON on the report descriptor. */
export interface TrampolineFailure {
  readonly step: "limits" | "user" | "exec";
  readonly code: string;
}

/** What is on the report descriptor before exec is tried; without it, not even that happened. White space to JSON. */
export const READY = "\n";

/** Prefix that hides variables from the trampoline's own runtime, which would obey them. */
const HIDDEN = "GAFFER_LAUNCH_";
const obeyed = /^(BUN|NODE|LD|JSC|MALLOC|MIMALLOC|GLIBC|UV)_|^GAFFER_LAUNCH_/;

/** An environment as the trampoline must be given it: what its runtime would obey is renamed. */
export function hideFromRuntime(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => [obeyed.test(name) ? HIDDEN + name : name, value]),
  );
}

const finite = (value: number): number | null => (value === Infinity ? null : value);
const infinite = (value: number | null): number => value ?? Infinity;

/** The steps as one argument; `Infinity` is no JSON and travels as null. */
export function encodeSteps(
  steps: Omit<TrampolineSteps, "limits"> & { limits: readonly (readonly [number, ResourceLimit])[] },
): string {
  const limits = steps.limits.map(([number, { soft, hard }]) => [number, finite(soft), finite(hard)]);
  return JSON.stringify({ ...steps, limits });
}

const cString = (text: string): Buffer => Buffer.from(`${text}\0`);

const F_SETFD = 2;
const FD_CLOEXEC = 1;
const SIG_SETMASK = 2;

/** Signals this runtime ignores are given back their default: an ignored one would stay so over exec. */
function resetSignals(c: Libc): void {
  const ignored = BigInt(
    `0x${/^SigIgn:\s*([0-9a-f]+)/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1] ?? "0"}`,
  );
  for (let signal = 1n; signal <= 64n; signal++) if ((ignored >> (signal - 1n)) & 1n) c.signal(Number(signal), null);
  c.sigprocmask(SIG_SETMASK, ptr(new Uint8Array(128)), null);
}

function restoreEnvironment(c: Libc, listenPid: boolean): void {
  for (const [name, value] of Object.entries(process.env)) {
    if (!name.startsWith(HIDDEN)) continue;
    c.unsetenv(ptr(cString(name)));
    c.setenv(ptr(cString(name.slice(HIDDEN.length))), ptr(cString(value ?? "")), 1);
  }
  if (listenPid) c.setenv(ptr(cString("LISTEN_PID")), ptr(cString(String(process.pid))), 1);
}

function become(c: Libc, { uid, gid, groups }: Identity): boolean {
  // As initgroups(3): the primary group is in the list, if there is a list.
  const list = new Uint32Array(groups.length === 0 ? [] : [gid, ...groups]);
  return (
    c.setgroups(list.length, list.length === 0 ? null : ptr(list)) === 0 &&
    c.setresgid(gid, gid, gid) === 0 &&
    c.setresuid(uid, uid, uid) === 0
  );
}

/** Replaces this process by the program; comes back only when that failed. */
function exec(c: Libc, path: string, argv: readonly string[]): void {
  const words = argv.map(cString);
  const pointers = new BigUint64Array([...words.map((word) => BigInt(ptr(word))), 0n]);
  c.execv(ptr(cString(path)), ptr(pointers));
}

/** Does the steps; comes back only with what failed. */
function leap(c: Libc, steps: TrampolineSteps, argv: readonly string[]): TrampolineFailure {
  const failure = (step: TrampolineFailure["step"]): TrampolineFailure => ({ step, code: codeOf(errno(c)) });
  // Bun marks all it inherits from 4 on to be closed at exec: what is the program's is kept, what is ours is not.
  for (let fd = 3; fd < steps.report; fd++) c.fcntl(fd, F_SETFD, 0);
  c.fcntl(steps.report, F_SETFD, FD_CLOEXEC);
  restoreEnvironment(c, steps.listenPid);
  resetSignals(c);
  // Limits before the user: a hard limit is raised only by root.
  for (const [number, soft, hard] of steps.limits) {
    if (!setOwnLimit(c, number, { soft: infinite(soft), hard: infinite(hard) })) return failure("limits");
  }
  if (steps.identity !== undefined && !become(c, steps.identity)) return failure("user");
  c.write(steps.report, ptr(cString(READY)), READY.length);
  exec(c, steps.path, argv);
  return failure("exec");
}

const codeOf = (number: number): string => getSystemErrorMap().get(-number)?.[0] ?? `errno ${number}`;

/**
 * The hidden sub-command `__exec STEPS ARGV…`: does what must be done before exec and Bun's spawn can't do, then becomes the
 * program. The pid stays.
 *
 * @returns the exit code, when it did not become it; the reason is on the report descriptor.
 */
export function runTrampoline([encoded = "{}", ...argv]: readonly string[]): number {
  // Made by encodeSteps of this very executable.
  const steps: TrampolineSteps = JSON.parse(encoded);
  const c = libc();
  if (c === undefined) return 70;
  const failure = cString(JSON.stringify(leap(c, steps, argv)));
  c.write(steps.report, ptr(failure), failure.length - 1);
  return 127;
}
