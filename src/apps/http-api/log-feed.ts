import type { LogEntry } from "../../base/log-record.ts";
import type { OutputFilter } from "../../output/output-source.ts";
import { followRecords, type PlacedEntry, type RecordFollower, type RecordRange } from "../../output/log-records.ts";
import type { OutputHub } from "../../output/output-hub.ts";
import type { FeedSignals, FeedSource } from "../../server/feed.ts";
import { encodeSse } from "../../wire/sse.ts";

/** Most entries that wait to be sent; beyond it the reader is too slow. */
const QUEUE_ENTRIES = 1024;

/** Makes an entry the text that is sent. @param position - of {@link PlacedEntry} */
export type EncodeEntry = (entry: LogEntry, position: number) => string;

/** What of the logs is sent, and how. */
export interface LogFeedOptions {
  readonly range: RecordRange;
  readonly encode: EncodeEntry;
  /** What is sent first of all, when nothing is kept. @param position - where the reader begins */
  readonly begin?: ((position: number) => string) | undefined;
  /** What the reader saw last was of another life of the daemon: a gap is told first. */
  readonly isLost: boolean;
}

const LOST = encodeSse({
  event: "gap",
  data: JSON.stringify({ event: "gap", missed: null, reason: "the daemon was started anew" }),
});

/** What jobs have said and say: kept lines first, then each as it comes. */
export class LogFeed implements FeedSource {
  readonly #hub: OutputHub;
  readonly #filter: OutputFilter;
  readonly #range: RecordRange;
  readonly #encode: EncodeEntry;
  #queue: PlacedEntry[] = [];
  readonly #begin: LogFeedOptions["begin"];
  /** What is sent before the next entry. */
  #first: string | undefined;
  #follower: RecordFollower | undefined;

  constructor(hub: OutputHub, filter: OutputFilter, options: LogFeedOptions) {
    this.#hub = hub;
    this.#filter = filter;
    this.#range = options.range;
    this.#encode = options.encode;
    this.#begin = options.begin;
    if (options.isLost) this.#first = LOST;
  }

  open({ wake }: FeedSignals): void {
    this.#follower = followRecords(this.#hub, this.#filter, {
      ...this.#range,
      onEntry: (entry, position) => {
        this.#queue.push({ entry, position });
        wake();
        return this.#queue.length < QUEUE_ENTRIES;
      },
    });
    // Who loses the connection before the first entry goes on from here.
    if (this.#queue.length === 0) this.#first ??= this.#begin?.(this.#hub.position);
    wake();
  }

  next(): string | undefined {
    if (this.#first !== undefined) {
      const first = this.#first;
      this.#first = undefined;
      return first;
    }
    if (this.#queue.length === 0) return undefined;
    const text = this.#queue.map(({ entry, position }) => this.#encode(entry, position)).join("");
    this.#queue = [];
    // Not from within onEntry, which may be what woke us.
    queueMicrotask(() => this.#follower?.resume());
    return text;
  }

  close(): void {
    this.#follower?.close();
    this.#queue = [];
  }
}
