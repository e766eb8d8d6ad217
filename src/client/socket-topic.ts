/** What happened on a topic: the event's own fields, with `event` and `topic`. */
export type TopicPayload = Readonly<Record<string, unknown>>;

/** Hears what happens on a topic. */
export type TopicListener = (event: string, payload: TopicPayload) => void;

/** Listeners by the event they want; `.` hears every event. */
export class TopicListeners {
  readonly #byEvent = new Map<string, Set<TopicListener>>();

  /** Calls it at each event of this name. */
  bind(event: string, listener: TopicListener): void {
    const listeners = this.#byEvent.get(event) ?? new Set();
    this.#byEvent.set(event, listeners.add(listener));
  }

  /** Calls it no more. */
  unbind(event: string, listener: TopicListener): void {
    this.#byEvent.get(event)?.delete(listener);
  }

  /** Tells all who want to hear it. */
  tell(event: string, payload: TopicPayload): void {
    for (const name of [".", event]) {
      for (const listener of this.#byEvent.get(name) ?? []) listener(event, payload);
    }
  }
}

/** A topic that a socket is subscribed to. */
export class SocketTopic {
  /** As it was subscribed to: `EVENTS`, `JOB:shop.web`, `STATS:7`, `STREAM:7.stdout` … */
  readonly name: string;
  readonly #listeners = new TopicListeners();

  constructor(name: string) {
    this.name = name;
  }

  /** Calls it at each event of this name. */
  bind(event: string, listener: TopicListener): void {
    this.#listeners.bind(event, listener);
  }

  /** Calls it no more. */
  unbind(event: string, listener: TopicListener): void {
    this.#listeners.unbind(event, listener);
  }

  /** Calls it at every event. */
  bindAll(listener: TopicListener): void {
    this.#listeners.bind(".", listener);
  }

  /** Calls it at every event no more. */
  unbindAll(listener: TopicListener): void {
    this.#listeners.unbind(".", listener);
  }

  /** @internal */
  tell(event: string, payload: TopicPayload): void {
    this.#listeners.tell(event, payload);
  }
}
