/** When a job that keeps exiting is held back. Off unless configured. */
export interface FlappingPolicy {
  /** Uncaused exits within {@link windowMs} that count as flapping. */
  readonly attempts: number;
  /** Length of the look-back window, in milliseconds. */
  readonly windowMs: number;
  /** Pause before the empty slots are tried again, in milliseconds. */
  readonly retryInMs: number;
  /** Pauses in a row before the empty slots are given up. */
  readonly maxRetry: number;
}

/** What an exit means: go on, pause (again, the `pause`th time in a row), or give up. */
export type FlappingVerdict =
  | { readonly kind: "go-on" }
  | { readonly kind: "pause"; readonly pause: number }
  | { readonly kind: "give-up" };

/** Counts the uncaused exits of one job. Instants and durations are monotonic milliseconds. */
export class FlappingCounter {
  readonly policy: FlappingPolicy;
  #exits: readonly number[] = [];
  #pauses = 0;
  #resumedAt = Infinity;

  constructor(policy: FlappingPolicy) {
    this.policy = policy;
  }

  /**
   * Takes note of an uncaused exit.
   *
   * @param livesMs - how long the process lived, and how long those of its job live that run on: one that was started
   * after the last pause and outlived the window makes pauses count from nothing again.
   */
  exit(nowMs: number, livesMs: readonly number[]): FlappingVerdict {
    const { attempts, windowMs, maxRetry } = this.policy;
    if (livesMs.some((livedMs) => livedMs >= windowMs && nowMs - livedMs >= this.#resumedAt)) this.#pauses = 0;
    this.note(nowMs);
    if (this.#exits.length < attempts) return { kind: "go-on" };
    if (this.#pauses >= maxRetry) return { kind: "give-up" };
    return { kind: "pause", pause: ++this.#pauses };
  }

  /** Takes note of an uncaused exit within a pause: it counts, and decides nothing. */
  note(nowMs: number): void {
    const { attempts, windowMs } = this.policy;
    this.#exits = [...this.#exits.filter((at) => nowMs - at <= windowMs), nowMs].slice(-attempts);
  }

  /** A pause is over. */
  resumed(nowMs: number): void {
    this.#resumedAt = nowMs;
  }

  /** Forgets everything: somebody asked for a start. */
  reset(): void {
    this.#exits = [];
    this.#pauses = 0;
    this.#resumedAt = Infinity;
  }

  /** `3 exits within 10 s`. */
  describe(): string {
    const { attempts, windowMs } = this.policy;
    return `${attempts} ${attempts === 1 ? "exit" : "exits"} within ${windowMs / 1000} s`;
  }
}

/**
 * Reads `attempts, window, retry_in, max_retry` (commas or spaces; window and retry_in in seconds).
 *
 * @returns undefined if it is not four numbers; whether they make sense is for the job's own check.
 * @see gaffer 0.5 `process.py`, whose order of the four this is
 */
export function parseFlapping(text: string): FlappingPolicy | undefined {
  const parts = text.split(/[\s,]+/).filter((part) => part !== "");
  const [attempts, window, retryIn, maxRetry] = parts.map(Number);
  if (parts.length !== 4 || attempts === undefined || window === undefined) return undefined;
  if (retryIn === undefined || maxRetry === undefined) return undefined;
  return { attempts, windowMs: window * 1000, retryInMs: retryIn * 1000, maxRetry };
}
