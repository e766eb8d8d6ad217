/**
 * Lets one thing happen at a time: an input that arrives while another is worked on waits for its end, and what is to be
 * told is told only when the state is whole again. So a listener may give commands, and a host may call back at once.
 */
export class Turn {
  readonly #onError: (error: unknown) => void;
  readonly #inputs: (() => void)[] = [];
  readonly #messages: (() => void)[] = [];
  #working = false;
  #telling = false;

  /** @param onError - told of what an input or a message threw, which stops nothing else. */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** Works on an input from outside: now, or right after what is being worked on. */
  input(work: () => void): void {
    if (this.#working) this.#inputs.push(work);
    else this.run(work);
  }

  /** Tells something when this turn has ended, in order. */
  tell(message: () => void): void {
    this.#messages.push(message);
  }

  /** Carries out a command and gives its result; what it throws is the caller's. */
  run<Result>(work: () => Result): Result {
    if (this.#working) return work();
    this.#working = true;
    try {
      return work();
    } finally {
      this.#finish();
    }
  }

  #finish(): void {
    try {
      this.#drain(this.#inputs);
    } finally {
      this.#working = false;
      this.#deliver();
    }
  }

  #deliver(): void {
    if (this.#telling) return;
    this.#telling = true;
    try {
      this.#drain(this.#messages);
    } finally {
      this.#telling = false;
    }
  }

  #drain(queue: (() => void)[]): void {
    let at = 0;
    try {
      // Grows while it is worked on; shifting one by one would move the whole array each time.
      for (; at < queue.length; at++) this.#attempt(queue[at]);
    } finally {
      queue.splice(0, at + 1);
    }
  }

  #attempt(work: (() => void) | undefined): void {
    try {
      work?.();
    } catch (error) {
      this.#onError(error);
    }
  }
}
