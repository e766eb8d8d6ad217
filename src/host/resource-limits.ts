import { readdirSync, readFileSync } from "node:fs";
import { ptr } from "bun:ffi";
import { GafferError } from "../base/gaffer-error.ts";
import { LIMIT_NUMBERS, plainLimitName } from "../base/limit-names.ts";
import type { ResourceLimit } from "../manager/job-config.ts";
import type { Libc } from "./libc.ts";

const INFINITE = 2n ** 64n - 1n;

const toWord = (value: number): bigint => (value === Infinity ? INFINITE : BigInt(Math.trunc(value)));
const fromWord = (word: bigint | undefined): number =>
  word === undefined || word === INFINITE ? Infinity : Number(word);

/**
 * The number of a limit called `nofile`, `NOFILE` or `RLIMIT_NOFILE`.
 *
 * @throws {@link GafferError} `limit_refused` for another name.
 */
export function limitNumber(name: string): number {
  const number = LIMIT_NUMBERS.get(plainLimitName(name));
  if (number !== undefined) return number;
  throw new GafferError(
    "limit_refused",
    `Cannot set rlimit "${name}": the limits are ${[...LIMIT_NUMBERS.keys()].join(", ")}`,
  );
}

/** A limit of this process. */
export function ownLimit(c: Libc, number: number): ResourceLimit {
  const words = new BigUint64Array(2);
  c.prlimit(0, number, null, ptr(words));
  return { soft: fromWord(words[0]), hard: fromWord(words[1]) };
}

/** Sets a limit of this process. @returns whether the kernel took it */
export function setOwnLimit(c: Libc, number: number, limit: ResourceLimit): boolean {
  return c.prlimit(0, number, ptr(new BigUint64Array([toWord(limit.soft), toWord(limit.hard)])), null) === 0;
}

/** Number of `nofile`. */
export const NOFILE = 7;

/**
 * The soft limit of open files that gaffer was started with. Bun raises its own to the hard one before any code of ours
 * runs, so the parent's is taken: that of a shell or a supervisor is what its children get.
 *
 * @returns our own where the parent can't tell: init, or a parent with another hard limit.
 */
export function startedNofile(own: ResourceLimit): number {
  if (process.ppid === 1) return own.soft;
  try {
    const line = /^Max open files\s+(\S+)\s+(\S+)/m.exec(readFileSync(`/proc/${process.ppid}/limits`, "latin1"));
    const [soft, hard] = [parseLimit(line?.[1]), parseLimit(line?.[2])];
    return hard === own.hard && soft <= own.soft ? soft : own.soft;
  } catch {
    return own.soft;
  }
}

const parseLimit = (text = ""): number => (text === "unlimited" ? Infinity : Number(text));

/** How many descriptors this process has open. */
export function openDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}
