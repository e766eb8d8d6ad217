import type { Clock, Timer } from "./clock.ts";
import { FlappingCounter, type FlappingPolicy } from "./flapping.ts";
import type { Verdict } from "./slot.ts";

/** What holding back a job needs of it. */
export interface HeldJob {
  readonly clock: Clock;
  /** How long each of its processes has lived that runs, in milliseconds. */
  livesMs(): readonly number[];
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
    const nowMs = this.#job.clock.monotonicMs();
    if (this.#pause !== undefined) {
      this.#counter.note(nowMs);
      return this.#held();
    }
    const { retryInMs, maxRetry } = this.#counter.policy;
    const verdict = this.#counter.exit(nowMs, [livedMs, ...this.#job.livesMs()]);
    if (verdict.kind === "go-on") return { kind: "retry", delayMs };
    if (verdict.kind === "give-up") {
      const reason = `gave up: ${this.#counter.describe()}, after ${maxRetry} ${maxRetry === 1 ? "pause" : "pauses"} of ${retryInMs / 1000} s`;
      this.#job.onGiveUp(reason);
      return { kind: "give-up", reason };
    }
    this.#pauseEndsMs = nowMs + retryInMs;
    this.#pause = this.#job.after(retryInMs, () => {
      this.#pause = undefined;
      this.#counter.resumed(this.#job.clock.monotonicMs());
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

  /** Forgets everything: somebody asked for a start, or for the end. */
  reset(): void {
    this.#pause?.cancel();
    this.#pause = undefined;
    this.#counter.reset();
  }
}
