import { GafferError } from "../base/gaffer-error.ts";

/** Where the ports of loaded applications begin: 5000 is the daemon's own. */
const FIRST = 5100;
/** Ports of one job, and the distance between two. @see foreman `lib/foreman/engine.rb` */
const BLOCK = 100;
const HIGHEST = 65_535;

/** What the ports of a loaded application depend on. */
export interface BlockNeeds {
  /** Processes of every job, in the order of the Procfile. */
  readonly formation: ReadonlyMap<string, number>;
  /** First ports of the jobs that are loaded already: they keep them. */
  readonly held: ReadonlyMap<string, number>;
  /** Whether a port belongs to somebody else. */
  readonly isTaken: (port: number) => boolean;
}

/** Ports that a job of so many processes has: whole blocks. */
export const blockSize = (processes: number): number => BLOCK * Math.max(1, Math.ceil(processes / BLOCK));

/**
 * Gives every job a block of ports that nobody has: all of them side by side, or, when some have theirs already, each of
 * the others the next free block.
 *
 * @returns PORT of the first process of each job.
 * @throws {@link GafferError} `port_busy` if none are left.
 */
export function planBlocks({ formation, held, isTaken }: BlockNeeds): Map<string, number> {
  const ports = new Map<string, number>();
  for (const name of formation.keys()) {
    const port = held.get(name);
    if (port !== undefined) ports.set(name, port);
  }
  const missing = [...formation].filter(([name]) => !ports.has(name));
  const isOurs = (port: number): boolean =>
    [...ports].some(([name, first]) => port >= first && port < first + blockSize(formation.get(name) ?? 1));
  if (ports.size === 0) placeTogether(missing, ports, isTaken);
  else for (const one of missing) placeTogether([one], ports, (port) => isTaken(port) || isOurs(port));
  return ports;
}

/** Gives jobs the first free blocks that lie side by side. */
function placeTogether(
  jobs: readonly (readonly [name: string, processes: number])[],
  ports: Map<string, number>,
  isTaken: (port: number) => boolean,
): void {
  const size = jobs.reduce((sum, [, processes]) => sum + blockSize(processes), 0);
  let base = findFree(size, isTaken);
  for (const [name, processes] of jobs) {
    ports.set(name, base);
    base += blockSize(processes);
  }
}

function findFree(size: number, isTaken: (port: number) => boolean): number {
  let base = FIRST;
  for (let port = base; port < base + size; port++) {
    if (port > HIGHEST) {
      throw new GafferError(
        "port_busy",
        `Cannot choose ports: no ${size} in a row from ${FIRST} on are free; name a base with -p`,
      );
    }
    if (isTaken(port)) {
      base = FIRST + Math.ceil((port + 1 - FIRST) / BLOCK) * BLOCK;
      port = base - 1;
    }
  }
  return base;
}
