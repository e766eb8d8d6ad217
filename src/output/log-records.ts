import { isLogGap, type LogEntry } from "../base/log-record.ts";
import type { OutputSink } from "./open-output.ts";
import type { Follower, OutputHub } from "./output-hub.ts";
import type { OutputFilter, OutputSource } from "./output-source.ts";
import { RecordSink } from "./record-sink.ts";

/** When so much waits for a slow reader, what comes is left out and told as a gap. */
const QUEUE_BYTES = 1_048_576;
/** What an entry takes besides its text, roughly. */
const ENTRY_BYTES = 100;
/** More kept lines than the tail before the rest is let go. */
const SURPLUS = 256;

/** Which of the kept lines are meant. */
export interface RecordRange {
  /** The last so many lines of all streams together. @defaultValue all that are kept */
  readonly tail?: number | undefined;
  /** Those from this instant on, in milliseconds since 1970. @defaultValue all that are kept */
  readonly since?: number | undefined;
}

/** Settings of {@link followRecords}. */
export interface FollowRecordsOptions extends RecordRange {
  /**
   * Takes one entry.
   *
   * @returns whether it can take more; if not, nothing comes before {@link RecordFollower.resume}.
   */
  readonly onEntry: (entry: LogEntry) => boolean;
}

/** A reader of records. */
export interface RecordFollower extends Follower {
  /** It can take more. Not to be called inside `onEntry`. */
  resume(): void;
}

/**
 * The lines that are kept, of all streams that `filter` admits, in order of time.
 *
 * @remarks The unfinished last line of a stream is among them once the stream has ended. What a stream said before its
 * first kept line is told as a gap.
 */
export function keptRecords(hub: OutputHub, filter: OutputFilter, range: RecordRange = {}): LogEntry[] {
  const kept = new KeptRecords(range);
  hub.follow(filter, (source) => kept.sinkOf(source), { replay: true }).close();
  return kept.entries();
}

/**
 * Reads the lines that are kept and then those that come, with nothing lost or told twice between.
 *
 * @remarks The first entries come inside this call. A reader that is full is waited for, to a bound: what comes then is
 * left out, and told as a gap where it is missing. No child ever waits.
 */
export function followRecords(hub: OutputHub, filter: OutputFilter, options: FollowRecordsOptions): RecordFollower {
  return new LiveRecords(hub, filter, options);
}

/** Gathers what is kept. */
class KeptRecords {
  readonly #range: RecordRange;
  readonly #streams: LogEntry[][] = [];

  constructor(range: RecordRange) {
    this.#range = range;
  }

  sinkOf(source: OutputSource): OutputSink {
    return new RecordSink(source, this.newStream());
  }

  /** @returns what takes the entries of one stream */
  newStream(): (entry: LogEntry) => void {
    const { since = -Infinity, tail = Infinity } = this.#range;
    const place = this.#streams.push([]) - 1;
    return (entry) => {
      const stream = this.#streams[place];
      if (stream === undefined || entry.time < since || tail === 0) return;
      if (stream.push(entry) >= tail + SURPLUS) this.#streams[place] = lastLines(stream, tail);
    };
  }

  /** All of them, in order of time; each stream's stay in their order, whatever the clock did. */
  entries(): LogEntry[] {
    const timed = this.#streams.flatMap((stream) => {
      let at = -Infinity;
      return stream.map((entry) => {
        at = Math.max(at, entry.time);
        return { at, entry };
      });
    });
    const sorted = timed.toSorted((one, other) => one.at - other.at).map(({ entry }) => entry);
    return lastLines(sorted, this.#range.tail ?? Infinity);
  }
}

/** The end of `entries` that holds so many lines and begins with one; all of it when there are fewer. */
function lastLines(entries: LogEntry[], tail: number): LogEntry[] {
  let lines = 0;
  for (let start = entries.length; start > 0; start--) {
    const entry = entries[start - 1];
    if (entry !== undefined && !isLogGap(entry) && ++lines === tail) return entries.slice(start - 1);
  }
  return entries;
}

class LiveRecords implements RecordFollower {
  readonly #onEntry: (entry: LogEntry) => boolean;
  readonly #follower: Follower;
  #kept: KeptRecords | undefined;
  #queue: LogEntry[] = [];
  #queuedBytes = 0;
  #isFull = false;
  #isClosed = false;

  constructor(hub: OutputHub, filter: OutputFilter, options: FollowRecordsOptions) {
    this.#onEntry = options.onEntry;
    this.#kept = new KeptRecords(options);
    this.#follower = hub.follow(filter, (source) => this.#sinkOf(source), { replay: true });
    const kept = this.#kept.entries();
    this.#kept = undefined;
    for (const entry of kept) this.#take(entry);
  }

  resume(): void {
    this.#isFull = false;
    const queue = this.#queue;
    let next = 0;
    for (const entry of queue) {
      if (this.#isFull || this.#isClosed) break;
      next++;
      this.#queuedBytes -= sizeOf(entry);
      this.#isFull = !this.#onEntry(entry);
    }
    this.#queue = queue.slice(next);
  }

  close(): void {
    this.#isClosed = true;
    this.#queue = [];
    this.#follower.close();
  }

  #sinkOf(source: OutputSource): OutputSink {
    // Of its stream alone, until what is kept is in order.
    const keep = this.#kept?.newStream();
    const sink = new RecordSink(source, (entry) => {
      if (this.#kept !== undefined && keep !== undefined) keep(entry);
      else this.#take(entry);
    });
    return {
      write: (bytes, timeMs) => {
        if (this.#queuedBytes < QUEUE_BYTES) sink.write(bytes, timeMs);
        else sink.gap(bytes.length);
      },
      gap: (lostBytes) => sink.gap(lostBytes),
      end: () => sink.end(),
    };
  }

  #take(entry: LogEntry): void {
    if (this.#isClosed) return;
    if (this.#isFull) {
      this.#queue.push(entry);
      this.#queuedBytes += sizeOf(entry);
    } else this.#isFull = !this.#onEntry(entry);
  }
}

function sizeOf(entry: LogEntry): number {
  return ENTRY_BYTES + (isLogGap(entry) ? 0 : entry.text.length);
}
