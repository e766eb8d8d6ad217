import type { Follower, OutputHub } from "../../output/output-hub.ts";
import type { FeedSignals, FeedSource } from "../../server/feed.ts";
import { encodeSse } from "../../wire/sse.ts";

/** How output is sent: bytes as they come, the next bytes and then the end, or events. */
export type StreamFeedKind = "continuous" | "longpoll" | "eventsource";

/** Most output that waits for a slow reader. */
const QUEUE_BYTES = 1 << 20;

/** What one stream of one process says, from now on; a reader that is too slow is told how much it missed. */
export class StreamFeed implements FeedSource {
  readonly #hub: OutputHub;
  readonly #from: { readonly id: number; readonly stream: string };
  readonly #kind: StreamFeedKind;
  readonly #decoder = new TextDecoder();
  #follower: Follower | undefined;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #missedBytes = 0;

  constructor(hub: OutputHub, from: { id: number; stream: string }, kind: StreamFeedKind) {
    this.#hub = hub;
    this.#from = from;
    this.#kind = kind;
  }

  open({ wake, end }: FeedSignals): void {
    const { id, stream } = this.#from;
    const sink = {
      write: (bytes: Uint8Array) => {
        this.#take(bytes);
        wake();
        if (this.#kind === "longpoll") end();
      },
      end,
    };
    this.#follower = this.#hub.follow(
      (source) => source.id === id && source.stream === stream,
      () => sink,
    );
  }

  #take(bytes: Uint8Array): void {
    if (this.#kind === "longpoll" && this.#queuedBytes > 0) return;
    if (this.#queuedBytes + bytes.length > QUEUE_BYTES || this.#missedBytes > 0) {
      this.#missedBytes += bytes.length;
      return;
    }
    // A copy: of a Buffer, slice() would be a view.
    this.#queue.push(Uint8Array.from(bytes));
    this.#queuedBytes += bytes.length;
  }

  next(): Uint8Array | string | undefined {
    const queue = this.#queue;
    if (queue.length > 0) {
      this.#queue = [];
      this.#queuedBytes = 0;
      return this.#encode(Buffer.concat(queue));
    }
    if (this.#missedBytes === 0) return undefined;
    const missed = this.#missedBytes;
    this.#missedBytes = 0;
    if (this.#kind === "eventsource")
      return encodeSse({ event: "gap", data: JSON.stringify({ event: "gap", missed }) });
    return `\n--- gaffer: ${missed} bytes were lost here: the reader was too slow ---\n`;
  }

  #encode(bytes: Uint8Array): Uint8Array | string | undefined {
    if (this.#kind !== "eventsource") return bytes;
    // A character that is cut in two waits for its rest.
    const text = this.#decoder.decode(bytes, { stream: true });
    return text === "" ? undefined : encodeSse({ event: this.#from.stream, data: text });
  }

  close(): void {
    this.#follower?.close();
    this.#queue = [];
  }
}
