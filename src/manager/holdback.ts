import type { Clock, Timer } from "./clock.ts";
import { FlappingCounter, type FlappingPolicy } from "./flapping.ts";
import type { Verdict } from "./slot.ts";

/** What holding back a job needs of it. */
export interface HeldJob {
  readonly clock: Clock;
  after(delayMs: number, work: () => void): Timer;
  /** The job began to flap: for so long its empty slots stay empty. */
  onFlap(reason: string, retryInMs: number): void;
  /** Its pauses are used up: what waits gives up. */
  onGiveUp(reason: string): void;
  /** A pause is over: what waits may try again. */
  onResume(): void;
}

/** Holds back one job that keeps exiting: the counter of its exits and the pause it is in. */
export class Holdback {
  readonly #counter: FlappingCounter;
  readonly #job: HeldJob;
  #pause: Timer | undefined;
  #pauseEndsMs = 0;

  constructor(policy: FlappingPolicy, job: HeldJob) {
    this.#counter = new FlappingCounter(policy);
    this.#job = job;
  }

  /** What follows an uncaused exit after `livedMs`; `delayMs` is waited when the job is not held back. */
  judge(livedMs: number, delayMs: number): Verdict {
    if (this.#pause !== undefined) return this.#held();
    const { retryInMs, maxRetry } = this.#counter.policy;
    const verdict = this.#counter.exit(this.#job.clock.monotonicMs(), livedMs);
    if (verdict.kind === "go-on") return { kind: "retry", delayMs };
    if (verdict.kind === "give-up") {
      const reason = `gave up: ${this.#counter.describe()}, after ${maxRetry} pauses of ${retryInMs / 1000} s`;
      this.#job.onGiveUp(reason);
      return { kind: "give-up", reason };
    }
    this.#pauseEndsMs = this.#job.clock.monotonicMs() + retryInMs;
    this.#pause = this.#job.after(retryInMs, () => {
      this.#pause = undefined;
      this.#job.onResume();
    });
    this.#job.onFlap(`${this.#counter.describe()}; pause ${verdict.pause} of ${maxRetry}`, retryInMs);
    return this.#held();
  }

  #held(): Verdict {
    const retryInMs = Math.max(0, this.#pauseEndsMs - this.#job.clock.monotonicMs());
    const reason = `flapping: ${this.#counter.describe()}; tried again in ${(retryInMs / 1000).toFixed(1)} s`;
    return { kind: "hold", retryInMs, reason };
  }

  /** Pauses count from nothing again when one of these lives (in milliseconds) outlived the window. */
  noteLives(livesMs: readonly number[]): void {
    if (livesMs.some((livedMs) => livedMs >= this.#counter.policy.windowMs)) this.#counter.outlived();
  }

  /** Forgets everything: somebody asked for a start, or for the end. */
  reset(): void {
    this.#pause?.cancel();
    this.#pause = undefined;
    this.#counter.reset();
  }
}
