import { decodeEvent, type EventBody } from "../wire/event-body.ts";
import type { DaemonClient } from "./daemon-client.ts";
import { receivedEvents } from "./event-follower.ts";

/** Which events are followed, and how. */
export interface EventChoice {
  /** A topic or its beginning: `exit`, `job.shop`, `proc.7`. @defaultValue everything */
  readonly pattern?: string | undefined;
  /** Begins after this event, by number or id; 0 = all that is kept. @defaultValue from now on */
  readonly since?: number | string | undefined;
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
  /** The connection was lost, or is there again. */
  readonly onConnection?: (isConnected: boolean) => void;
}

/**
 * The events of a daemon, in order and each once: walked by `for await`. Where some are missing it says so by a `gap`.
 *
 * @remarks When the connection is lost it connects again, with pauses that grow to a second, and goes on after the last event that was taken. What
 * is not taken is not read. A walk throws {@link GafferError} `daemon_unreachable` if nobody answers at first, `forbidden`, `unauthorized`
 * or `bad_request` if it is refused.
 * @example
 * ```ts
 * for await (const body of server.events({ pattern: "exit" })) console.log(body);
 * ```
 */
export class EventStream implements AsyncIterable<EventBody>, Disposable {
  readonly #client: DaemonClient;
  readonly #choice: EventChoice;
  readonly #end = new AbortController();
  #lastId = "";

  constructor(client: DaemonClient, choice: EventChoice = {}) {
    this.#client = client;
    this.#choice = choice;
  }

  /** Id of the event that was taken last; empty before the first. Another stream goes on after it by `since`. */
  get lastId(): string {
    return this.#lastId;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<EventBody> {
    const { pattern, since, signal, onConnection } = this.#choice;
    const signals = signal === undefined ? [this.#end.signal] : [this.#end.signal, signal];
    const from = this.#lastId === "" ? since : this.#lastId;
    for await (const { id, data } of receivedEvents(this.#client, {
      path: "/events",
      query: () => ({ pattern, since: from }),
      signal: AbortSignal.any(signals),
      onConnection,
    })) {
      this.#lastId = id;
      yield decodeEvent(data);
    }
  }

  /** Ends every walk. */
  close(): void {
    this.#end.abort();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
