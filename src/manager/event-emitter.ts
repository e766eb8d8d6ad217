/** Called with the topic that matched and what was published. */
export type Listener<Payload> = (topic: string, payload: Payload) => void;

interface Subscription<Payload> {
  readonly pattern: string;
  readonly listener: Listener<Payload>;
  readonly once: boolean;
}

const matches = (pattern: string, topic: string): boolean =>
  pattern === "" || topic === pattern || topic.startsWith(`${pattern}.`);

/** The first of these topics that lies at or below a pattern; the empty pattern and `.` are everything. */
export function firstMatch(pattern: string, topics: Iterable<string>): string | undefined {
  for (const topic of topics) if (matches(pattern, topic)) return topic;
  return undefined;
}

/**
 * Publishes to listeners by dotted prefix: `a` hears `a.b`, `.` hears everything. A listener hears each publication once,
 * in the order of subscription, and one that throws hurts no other.
 */
export class EventEmitter<Payload> {
  #subscriptions: readonly Subscription<Payload>[] = [];
  readonly #onError: (error: unknown) => void;

  /** @param onError - told of what a listener threw. */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** Whether anybody listens. */
  get active(): boolean {
    return this.#subscriptions.length > 0;
  }

  /**
   * Calls `listener` for every topic at or below `pattern`; a trailing dot is ignored.
   *
   * @returns ends the subscription.
   */
  subscribe(pattern: string, listener: Listener<Payload>): () => void {
    return this.#add(pattern, listener, false);
  }

  /** The same, for the next publication only. */
  subscribeOnce(pattern: string, listener: Listener<Payload>): () => void {
    return this.#add(pattern, listener, true);
  }

  #add(pattern: string, listener: Listener<Payload>, once: boolean): () => void {
    const added = { pattern: pattern.replace(/\.$/, ""), listener, once };
    this.#subscriptions = [...this.#subscriptions, added];
    return () => this.#remove((one) => one === added);
  }

  /** Ends one subscription made with the same pattern and listener; unknown ones are ignored. */
  unsubscribe(pattern: string, listener: Listener<Payload>): void {
    this.#remove((one) => one.listener === listener && one.pattern === pattern.replace(/\.$/, ""));
  }

  /** Ends a {@link subscribeOnce} that has not been called yet. */
  unsubscribeOnce(pattern: string, listener: Listener<Payload>): void {
    this.#remove((one) => one.once && one.listener === listener && one.pattern === pattern.replace(/\.$/, ""));
  }

  /** Ends every subscription below `patterns`; without any, all. */
  unsubscribeAll(...patterns: string[]): void {
    if (patterns.length === 0) this.#subscriptions = [];
    else this.#remove((one) => patterns.some((pattern) => matches(pattern.replace(/\.$/, ""), one.pattern)));
  }

  #remove(which: (one: Subscription<Payload>) => boolean): void {
    this.#subscriptions = this.#subscriptions.filter((one) => !which(one));
  }

  /**
   * Publishes under one topic or several at once. A listener is called once, with the first that matches, under however
   * many patterns it listens; one that is unsubscribed meanwhile is not called any more.
   *
   * @param topics - walked only as far as a listener's pattern needs.
   */
  publish(topics: string | Iterable<string>, payload: Payload): void {
    const all = typeof topics === "string" ? [topics] : topics;
    const called = new Set<Listener<Payload>>();
    const before = this.#subscriptions;
    for (const one of before) {
      const topic = firstMatch(one.pattern, all);
      if (topic === undefined || called.has(one.listener)) continue;
      if (this.#subscriptions !== before && !this.#subscriptions.includes(one)) continue;
      if (one.once) this.#remove((other) => other === one);
      called.add(one.listener);
      this.#call(one.listener, topic, payload);
    }
  }

  #call(listener: Listener<Payload>, topic: string, payload: Payload): void {
    try {
      listener(topic, payload);
    } catch (error) {
      this.#onError(error);
    }
  }

  /** Ends every subscription. */
  close(): void {
    this.#subscriptions = [];
  }
}
