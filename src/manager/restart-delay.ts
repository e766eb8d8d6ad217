/** Living this long forgets every earlier short life, in milliseconds. */
const LONG_LIFE_MS = 10_000;
/** Living shorter than this doubles the delay, in milliseconds. */
const SHORT_LIFE_MS = 1000;
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 30_000;
/** A delay is shortened by up to this part of it, so that jobs that died together do not all come back together. */
const JITTER = 0.2;

/** How long one slot waits before it starts again what ended by itself: nothing at first, doubling from 100 ms to 30 s. */
export class RestartDelay {
  #delayMs = 0;

  /**
   * The wait after a life of `livedMs` milliseconds (0 for a process that could not be spawned).
   *
   * @param random - a number in [0, 1).
   */
  next(livedMs: number, random: number): number {
    if (livedMs >= LONG_LIFE_MS) this.#delayMs = 0;
    else if (livedMs < SHORT_LIFE_MS) this.#delayMs = Math.min(this.#delayMs * 2 || FIRST_DELAY_MS, LONGEST_DELAY_MS);
    return this.#delayMs * (1 - JITTER * random);
  }

  /** Forgets what was: somebody asked for a start. */
  reset(): void {
    this.#delayMs = 0;
  }
}
