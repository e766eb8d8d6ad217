import { GafferError } from "../base/gaffer-error.ts";
import { type ReceivedEvent, SseParser } from "../wire/sse.ts";
import type { ClientQuery, DaemonClient } from "./daemon-client.ts";

/** Which feed is followed, and how. */
export interface FeedChoice {
  readonly path: string;
  /** Asked at each connection. */
  readonly query?: () => ClientQuery;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** The connection was lost, or is there again. */
  readonly onConnection?: ((isConnected: boolean) => void) | undefined;
  /** The longest pause before the next try, in milliseconds. @defaultValue 1 second */
  readonly longestPauseMs?: number | undefined;
}

/** How a feed is followed. */
export interface FollowOptions extends FeedChoice {
  /** Called with each event, in order. */
  readonly onEvent: (event: ReceivedEvent) => void;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1000;

/**
 * Follows a feed of events until it is told to stop, over losses of the connection: it goes on after the last event that was heard.
 *
 * @throws {@link GafferError} if the daemon refuses it, or can't be reached the first time.
 */
export async function followEvents(client: DaemonClient, options: FollowOptions): Promise<void> {
  for await (const event of receivedEvents(client, options)) options.onEvent(event);
}

/**
 * The events of a feed, as {@link followEvents} follows it; no more is read than is taken.
 *
 * @throws {@link GafferError} if the daemon refuses it, or can't be reached the first time.
 */
export async function* receivedEvents(client: DaemonClient, choice: FeedChoice): AsyncGenerator<ReceivedEvent> {
  const { signal, onConnection, longestPauseMs = LONGEST_PAUSE_MS } = choice;
  const connection = new FeedConnection(client, choice);
  let isConnected = false;
  let pauseMs = FIRST_PAUSE_MS;
  const onOpen = (): void => {
    pauseMs = FIRST_PAUSE_MS;
    if (isConnected) onConnection?.(true);
    isConnected = true;
  };
  while (!signal.aborted) {
    try {
      yield* connection.events(onOpen);
    } catch (error) {
      if (signal.aborted) return;
      if (!isConnected || !isUnreachable(error)) throw error;
    }
    if (signal.aborted) return;
    if (pauseMs === FIRST_PAUSE_MS) onConnection?.(false);
    await pause(pauseMs, signal);
    pauseMs = Math.min(pauseMs * 2, longestPauseMs);
  }
}

/** Whether nobody answered: that passes. */
const isUnreachable = (error: unknown): boolean => error instanceof GafferError && error.code === "daemon_unreachable";

/** One connection after the other to the same feed. */
class FeedConnection {
  readonly #client: DaemonClient;
  readonly #choice: FeedChoice;
  #heard: ReceivedEvent[] = [];
  readonly #parser = new SseParser((event) => this.#heard.push(event));

  constructor(client: DaemonClient, choice: FeedChoice) {
    this.#client = client;
    this.#choice = choice;
  }

  /** The events of one connection, to its end. */
  async *events(onOpen: () => void): AsyncGenerator<ReceivedEvent> {
    const response = await this.#open();
    onOpen();
    this.#parser.reset();
    const decoder = new TextDecoder();
    const reader = response.body?.getReader();
    try {
      for (let text = await heard(reader, decoder); text !== undefined; text = await heard(reader, decoder)) {
        this.#parser.push(text);
        const events = this.#heard;
        this.#heard = [];
        yield* events;
      }
    } finally {
      await reader?.cancel().catch(ignore);
    }
  }

  #open(): Promise<Response> {
    const { path, query = () => ({}), signal } = this.#choice;
    const { lastId } = this.#parser;
    const accept = { accept: "text/event-stream" };
    const headers = lastId === "" ? accept : { ...accept, "last-event-id": lastId };
    return this.#client.send(path, { query: query(), headers, signal });
  }
}

/** What comes next; undefined at the end. A connection that is cut ends, too, whereas what a listener throws is its own. */
async function heard(reader: Reader | undefined, decoder: TextDecoder): Promise<string | undefined> {
  const read = await reader?.read().catch(ignore);
  return read?.value === undefined ? undefined : decoder.decode(read.value, { stream: true });
}

type Reader = Pick<ReadableStreamDefaultReader<Uint8Array>, "read">;

/** The connection has gone already. */
const ignore = (): undefined => undefined;

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
  clearTimeout(timer);
}
