import type { Clock, Timer } from "../../src/manager/clock.ts";

interface Waiting {
  readonly at: number;
  readonly delayMs: number;
  readonly callback: () => void;
}

/** Time that passes only when a test says so. Timers fire in the order of their instants. */
export class FakeClock implements Clock {
  /** Where jitter comes from. */
  randomSource: () => number = () => 0;
  #now = 5_000;
  #wallOffset = 1_700_000_000_000;
  #waiting: Waiting[] = [];

  monotonicMs(): number {
    return this.#now;
  }

  wallMs(): number {
    return this.#now + this.#wallOffset;
  }

  random(): number {
    return this.randomSource();
  }

  after(delayMs: number, callback: () => void): Timer {
    if (!(delayMs >= 0)) throw new RangeError(`a timer of ${delayMs} ms`);
    const waiting = { at: this.#now + delayMs, delayMs, callback };
    const place = this.#waiting.findIndex((one) => one.at > waiting.at);
    this.#waiting.splice(place === -1 ? this.#waiting.length : place, 0, waiting);
    return {
      cancel: () => {
        this.#waiting = this.#waiting.filter((one) => one !== waiting);
      },
    };
  }

  /** How many timers wait. */
  get pending(): number {
    return this.#waiting.length;
  }

  /** Delays of the timers that wait, as they were asked for, in milliseconds. */
  get delays(): number[] {
    return this.#waiting.map((one) => one.delayMs);
  }

  /** Milliseconds until the next timer fires; undefined without one. */
  get nextInMs(): number | undefined {
    const [first] = this.#waiting;
    return first && first.at - this.#now;
  }

  /** Lets time pass, and fires what falls due meanwhile. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let first = this.#waiting[0]; first !== undefined && first.at <= end; first = this.#waiting[0]) {
      this.#waiting.shift();
      this.#now = Math.max(this.#now, first.at);
      first.callback();
    }
    this.#now = end;
  }

  /** Sets the wall clock forward, or back. */
  jumpWall(ms: number): void {
    this.#wallOffset += ms;
  }
}
