import { GafferError } from "../base/gaffer-error.ts";
import { type ReceivedEvent, SseParser } from "../wire/sse.ts";
import type { ClientQuery, DaemonClient } from "./daemon-client.ts";

/** How a feed is followed. */
export interface FollowOptions {
  readonly path: string;
  /** Asked at each connection. */
  readonly query?: () => ClientQuery;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Called with each event, in order. */
  readonly onEvent: (event: ReceivedEvent) => void;
  /** The connection was lost, or is there again. */
  readonly onConnection?: (isConnected: boolean) => void;
  /** The longest pause before the next try, in milliseconds. @defaultValue 1 second */
  readonly longestPauseMs?: number;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1000;

/**
 * Follows a feed of events until it is told to stop, over losses of the connection: it goes on after the last event that was heard.
 *
 * @throws {@link GafferError} if the daemon refuses it, or can't be reached the first time.
 */
export async function followEvents(client: DaemonClient, options: FollowOptions): Promise<void> {
  const { signal, onConnection, longestPauseMs = LONGEST_PAUSE_MS } = options;
  const parser = new SseParser(options.onEvent);
  let isConnected = false;
  const onOpen = (): void => {
    pauseMs = FIRST_PAUSE_MS;
    if (isConnected) onConnection?.(true);
    isConnected = true;
  };
  let pauseMs = FIRST_PAUSE_MS;
  while (!signal.aborted) {
    try {
      await listen(client, options, { parser, onOpen });
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

/** One connection, to its end. */
async function listen(
  client: DaemonClient,
  { path, query = () => ({}), signal }: FollowOptions,
  { parser, onOpen }: { readonly parser: SseParser; readonly onOpen: () => void },
): Promise<void> {
  const accept = { accept: "text/event-stream" };
  const headers = parser.lastId === "" ? accept : { ...accept, "last-event-id": parser.lastId };
  const response = await client.send(path, { query: query(), headers, signal });
  onOpen();
  parser.reset();
  const decoder = new TextDecoder();
  const reader = response.body?.getReader();
  try {
    for (let text = await heard(reader, decoder); text !== undefined; text = await heard(reader, decoder)) {
      parser.push(text);
    }
  } finally {
    await reader?.cancel().catch(ignore);
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
