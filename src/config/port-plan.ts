import { GafferError } from "../base/gaffer-error.ts";

/** Base when nobody names one. @see foreman `lib/foreman/engine.rb` for it and for the steps */
const defaultBase = 5000;
/** Between the first ports of two jobs. */
const jobStep = 100;
const highest = 65_535;

/** What the ports depend on. */
export interface PortNeeds {
  /** Processes of every job of the Procfile, in its order. */
  readonly formation: ReadonlyMap<string, number>;
  /** Jobs that are started; the others keep their place but need no port. @defaultValue all */
  readonly jobs?: ReadonlySet<string>;
  /** Base that somebody chose. @defaultValue 5000, moved on by 100 while a port is taken */
  readonly base?: number | undefined;
  /** Whether something listens on a port already. Of a base that somebody chose, only first ports are asked for. */
  readonly isTaken: (port: number) => boolean;
}

/** Which port each process is told. */
export interface PortPlan {
  /** PORT of the first process of the first job. */
  readonly base: number;
  /** The port that made the base move on from 5000, if one did. */
  readonly taken: number | undefined;
  /** First ports of started jobs that are taken though somebody chose the base; they are used all the same. */
  readonly busy: readonly number[];
  /** PORT of a slot (1 …) of a job. */
  readonly portOf: (job: string, slot: number) => number;
}

/**
 * Gives every process a port of its own: +100 a job in Procfile order, +1 a slot. A job of more than 100 processes takes as
 * many hundreds as it needs, so that no two processes share a port.
 *
 * @throws {@link GafferError} `usage` if a port would be over 65535, `port_busy` if no free block is left.
 */
export function planPorts({ formation, jobs, base, isTaken }: PortNeeds): PortPlan {
  const offsets = new Map<string, number>();
  let offset = 0;
  const needed: number[] = [];
  const firsts: number[] = [];
  for (const [job, count] of formation) {
    const start = offset;
    offsets.set(job, start);
    if (!jobs || jobs.has(job)) {
      needed.push(...Array.from({ length: count }, (_, index) => start + index));
      if (count > 0) firsts.push(start);
    }
    offset += jobStep * Math.max(1, Math.ceil(count / jobStep));
  }
  const last = needed.at(-1) ?? 0;
  const chosen = base ?? defaultBase;
  if (chosen + last > highest) throw tooHigh(chosen, last);
  const found = base === undefined ? findFree(needed, isTaken) : { base, taken: undefined };
  const busy = base === undefined ? [] : firsts.map((start) => base + start).filter(isTaken);
  return { ...found, busy, portOf: (job, slot) => found.base + (offsets.get(job) ?? 0) + slot - 1 };
}

function findFree(needed: readonly number[], isTaken: (port: number) => boolean): Pick<PortPlan, "base" | "taken"> {
  let first: number | undefined;
  const last = needed.at(-1) ?? 0;
  for (let base = defaultBase; base + last <= highest; base += jobStep) {
    const start = base;
    const held = needed.find((offset) => isTaken(start + offset));
    if (held === undefined) return { base, taken: first };
    first ??= base + held;
  }
  throw new GafferError("port_busy", "Cannot choose ports: none from 5000 on are free; name a base with -p");
}

function tooHigh(base: number, last: number): GafferError {
  const fact = `the last process would get PORT ${base + last}, over ${highest}; give a lower base with -p, or fewer processes`;
  return new GafferError("usage", `Cannot use base port ${base}: ${fact}`);
}

/**
 * The base port that somebody chose: by flag, else PORT of the application's environment, else PORT of the user's.
 *
 * @throws {@link GafferError} `usage` if a PORT is not 1 to 65535.
 */
export function chooseBase(
  flag: number | undefined,
  fromFiles: string | undefined,
  fromUser: string | undefined,
): number | undefined {
  if (flag !== undefined) return flag;
  const text = fromFiles ?? fromUser;
  if (text === undefined || text === "") return undefined;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= highest) return port;
  const where = fromFiles === undefined ? "the environment" : "the env files";
  throw new GafferError("usage", `Cannot use PORT ${JSON.stringify(text)} of ${where}: a port is 1 to ${highest}`);
}
