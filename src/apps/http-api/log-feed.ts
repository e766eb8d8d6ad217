import type { LogEntry } from "../../base/log-record.ts";
import type { OutputFilter } from "../../output/output-source.ts";
import { followRecords, type RecordFollower, type RecordRange } from "../../output/log-records.ts";
import type { OutputHub } from "../../output/output-hub.ts";
import type { FeedSignals, FeedSource } from "../../server/feed.ts";

/** Most entries that wait to be sent; beyond it the reader is too slow. */
const QUEUE_ENTRIES = 1024;

/** What jobs have said and say: kept lines first, then each as it comes. */
export class LogFeed implements FeedSource {
  readonly #hub: OutputHub;
  readonly #filter: OutputFilter;
  readonly #range: RecordRange;
  readonly #encode: (entry: LogEntry) => string;
  #queue: LogEntry[] = [];
  #follower: RecordFollower | undefined;

  /** @param options - `encode` makes an entry the text that is sent. */
  constructor(
    hub: OutputHub,
    filter: OutputFilter,
    options: { readonly range: RecordRange; readonly encode: (entry: LogEntry) => string },
  ) {
    this.#hub = hub;
    this.#filter = filter;
    this.#range = options.range;
    this.#encode = options.encode;
  }

  open({ wake }: FeedSignals): void {
    this.#follower = followRecords(this.#hub, this.#filter, {
      ...this.#range,
      onEntry: (entry) => {
        this.#queue.push(entry);
        wake();
        return this.#queue.length < QUEUE_ENTRIES;
      },
    });
  }

  next(): string | undefined {
    if (this.#queue.length === 0) return undefined;
    const text = this.#queue.map((entry) => this.#encode(entry)).join("");
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
