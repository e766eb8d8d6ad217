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

/** Counts the uncaused exits of one job. */
export class FlappingCounter {
  readonly policy: FlappingPolicy;
  #exits: number[] = [];
  #pauses = 0;

  constructor(policy: FlappingPolicy) {
    this.policy = policy;
  }

  /** Takes note of an uncaused exit at `nowMs` (monotonic) of a process that lived `livedMs`. */
  exit(nowMs: number, livedMs: number): FlappingVerdict {
    const { attempts, windowMs, maxRetry } = this.policy;
    if (livedMs >= windowMs) this.outlived();
    this.#exits = [...this.#exits.filter((at) => nowMs - at <= windowMs), nowMs];
    if (this.#exits.length < attempts) return { kind: "go-on" };
    this.#exits = [];
    if (this.#pauses >= maxRetry) return { kind: "give-up" };
    return { kind: "pause", pause: ++this.#pauses };
  }

  /** A process outlived the window: pauses count from nothing again. */
  outlived(): void {
    this.#pauses = 0;
  }

  /** Forgets everything: somebody asked for a start. */
  reset(): void {
    this.#exits = [];
    this.#pauses = 0;
  }

  /** `3 exits within 10 s`. */
  describe(): string {
    return `${this.policy.attempts} exits within ${this.policy.windowMs / 1000} s`;
  }
}
