import type { Follower, OutputHub } from "../../output/output-hub.ts";
import { unfinishedTail } from "../../output/utf8-tail.ts";
import type { FeedSignals, FeedSource } from "../../server/feed.ts";
import { feedId, type FeedPlace } from "../../wire/feed-id.ts";
import { encodeSse } from "../../wire/sse.ts";
import type { FeedKind } from "./feed-form.ts";

/** How a stream is sent. */
export interface StreamFeedOptions {
  readonly kind: FeedKind;
  /** Names this life of the daemon, in the ids of events. */
  readonly epoch: string;
  /** Where the reader was; what is kept after it comes first. @defaultValue what comes from now on */
  readonly after?: FeedPlace | undefined;
}

/** Most output that waits for a slow reader. */
const QUEUE_BYTES = 1 << 20;

/** What one stream of one process says; a reader that is too slow is told how much it missed. */
export class StreamFeed implements FeedSource {
  readonly #hub: OutputHub;
  readonly #from: { readonly id: number; readonly stream: string };
  readonly #options: StreamFeedOptions;
  readonly #decoder = new TextDecoder();
  #follower: Follower | undefined;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #missedBytes = 0;
  /** What was lost before the first of what is sent; null = nobody knows how much. */
  #lostBefore: number | null = 0;
  /** Where what is queued ends in all that was said, and how much of that came in one piece. */
  #end = 0;
  #lastPiece = 0;
  /** Bytes of a character whose rest has not come. */
  #pending: Uint8Array = new Uint8Array(0);
  /** Where a reader that is told nothing else goes on, if it loses the connection. */
  #begin: string | undefined;

  constructor(hub: OutputHub, from: { id: number; stream: string }, options: StreamFeedOptions) {
    this.#hub = hub;
    this.#from = from;
    this.#options = options;
  }

  open({ wake, end }: FeedSignals): void {
    const { id, stream } = this.#from;
    const { kind, epoch, after } = this.#options;
    const from = after?.at ?? 0;
    if (after?.isLost === true) this.#lostBefore = null;
    const sink = {
      write: (bytes: Uint8Array, _timeMs: number, position: number) => {
        const seen = Math.max(0, from - position);
        if (seen >= bytes.length) return;
        this.#take(bytes.subarray(seen), position + seen);
        wake();
        if (kind === "longpoll") end();
      },
      gap: (lostBytes: number, position: number) => {
        // Nobody knows how many of them were seen: it is so many at most.
        if (position > from) this.#lostBefore = Math.min(lostBytes, position - from);
      },
      end,
    };
    this.#follower = this.#hub.follow(
      (source) => source.id === id && source.stream === stream,
      () => sink,
      { replay: after !== undefined },
    );
    if (kind === "eventsource") this.#begin = `id: ${feedId(epoch, after?.at ?? this.#hub.position)}\n\n`;
    wake();
  }

  #take(bytes: Uint8Array, position: number): void {
    if (this.#options.kind === "longpoll" && this.#queuedBytes > 0) return;
    if (this.#queuedBytes + bytes.length > QUEUE_BYTES || this.#missedBytes > 0) {
      this.#missedBytes += bytes.length;
      return;
    }
    // A copy: of a Buffer, slice() would be a view.
    this.#queue.push(Uint8Array.from(bytes));
    this.#queuedBytes += bytes.length;
    this.#end = position + bytes.length;
    this.#lastPiece = bytes.length;
  }

  next(): Uint8Array | string | undefined {
    const begin = this.#begin;
    this.#begin = undefined;
    if (begin !== undefined) return begin;
    const lost = this.#lostBefore;
    if (lost !== 0) {
      this.#lostBefore = 0;
      return this.#gap(lost);
    }
    const queue = this.#queue;
    if (queue.length > 0) {
      this.#queue = [];
      this.#queuedBytes = 0;
      return this.#encode(Buffer.concat(queue));
    }
    if (this.#missedBytes === 0) return undefined;
    const missed = this.#missedBytes;
    this.#missedBytes = 0;
    return this.#gap(missed);
  }

  #gap(missed: number | null): string {
    if (this.#options.kind !== "eventsource") {
      return `\n--- gaffer: ${missed} bytes were lost here: the reader was too slow ---\n`;
    }
    const reason = missed === null ? "the daemon was started anew" : "more was said than is kept or was taken";
    return encodeSse({ event: "gap", data: JSON.stringify({ event: "gap", missed, reason }) });
  }

  #encode(bytes: Uint8Array): Uint8Array | string | undefined {
    if (this.#options.kind !== "eventsource") return bytes;
    // A character that is cut in two waits for its rest.
    const text = this.#decoder.decode(bytes, { stream: true });
    this.#pending = unfinishedTail(bytes, this.#pending);
    if (text === "") return undefined;
    // Whoever goes on after this piece gets the begun character whole, if its beginning stands right before the end.
    const { length } = this.#pending;
    const id = length <= this.#lastPiece ? { id: feedId(this.#options.epoch, this.#end - length) } : {};
    return encodeSse({ ...id, event: this.#from.stream, data: text });
  }

  close(): void {
    this.#follower?.close();
    this.#queue = [];
  }
}
