/** Somebody who waits for an answer. */
interface Waiting<Answer> {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** Answers that are awaited, by what they are known by; several of one name are answered in the order they were asked. */
export class AwaitedAnswers<Answer> {
  readonly #byName = new Map<string, Waiting<Answer>[]>();

  /** Waits for the answer of this name. @param ask - asks for it; if that throws, nothing is waited for. */
  wait(name: string, ask: () => void): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    ask();
    const waiting = this.#byName.get(name) ?? [];
    waiting.push({ resolve, reject });
    this.#byName.set(name, waiting);
    return promise;
  }

  /** The answer has come. */
  resolve(name: string, answer: Answer): void {
    this.#take(name)?.resolve(answer);
  }

  /** It is refused. @returns whether anybody waited for it */
  reject(name: string, error: unknown): boolean {
    const waiting = this.#take(name);
    waiting?.reject(error);
    return waiting !== undefined;
  }

  #take(name: string): Waiting<Answer> | undefined {
    const waiting = this.#byName.get(name);
    const first = waiting?.shift();
    if (waiting?.length === 0) this.#byName.delete(name);
    return first;
  }

  /** None will come any more. */
  rejectAll(error: unknown): void {
    const all = [...this.#byName.values()].flat();
    this.#byName.clear();
    for (const { reject } of all) reject(error);
  }
}
