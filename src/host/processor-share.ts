import { type ProcStat, TICK_MS } from "./proc-stat.ts";

/** A look at a process that its share is counted from. */
interface Look {
  readonly start: number;
  readonly cpuTimeMs: number;
  readonly atMs: number;
}

/**
 * A share that is counted over less says nothing: processor time is told in steps of 10 ms. Two who ask at once get the same share.
 */
const LEAST_MS = 80;
/** Nobody has asked for that long: the share is counted from the start of the process again. */
const FORGET_MS = 60_000;

/** Parts of a processor that processes use, each since it was last asked for; since its start the first time. */
export class ProcessorShare {
  readonly #looks = new Map<number, Look>();
  #sweptAtMs = 0;

  /** How many processes are remembered. */
  get size(): number {
    return this.#looks.size;
  }

  /**
   * Part of one processor, in percent.
   *
   * @param atMs - when it was looked at, in milliseconds since the machine was started.
   */
  of({ pid, start, cpuTimeMs }: Pick<ProcStat, "pid" | "start" | "cpuTimeMs">, atMs: number): number {
    const known = this.#looks.get(pid);
    // The number may be another process's by now.
    const since = known?.start === start ? known : undefined;
    if (since === undefined || atMs - since.atMs >= LEAST_MS) this.#looks.set(pid, { start, cpuTimeMs, atMs });
    this.#sweep(atMs);
    const tookMs = atMs - (since?.atMs ?? start * TICK_MS);
    return tookMs <= 0 ? 0 : (Math.max(0, cpuTimeMs - (since?.cpuTimeMs ?? 0)) / tookMs) * 100;
  }

  #sweep(nowMs: number): void {
    if (nowMs - this.#sweptAtMs < FORGET_MS) return;
    this.#sweptAtMs = nowMs;
    for (const [pid, { atMs }] of this.#looks) if (nowMs - atMs >= FORGET_MS) this.#looks.delete(pid);
  }

  /** Forgets every process. */
  clear(): void {
    this.#looks.clear();
  }
}
