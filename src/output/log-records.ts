import { isLogGap, type LogEntry } from "../base/log-record.ts";
import type { OutputSink } from "./open-output.ts";
import type { Follower, OutputHub } from "./output-hub.ts";
import type { OutputFilter, OutputSource } from "./output-source.ts";
import { RecordSink, type TakeEntry } from "./record-sink.ts";

/** When so much waits for a slow reader, what comes is left out and told as a gap. */
const QUEUE_BYTES = 1_048_576;
/** What a piece that waits takes besides its bytes, roughly. */
const PIECE_BYTES = 100;
/** More kept lines than the tail before the rest is let go. */
const SURPLUS = 256;

/** Which of the kept lines are meant. */
export interface RecordRange {
  /** The last so many lines of all streams together. @defaultValue all that are kept */
  readonly tail?: number | undefined;
  /** Those from this instant on, in milliseconds since 1970. @defaultValue all that are kept */
  readonly since?: number | undefined;
  /** Those that end after this place in all that was said; see {@link OutputHub.position}. @defaultValue all that are kept */
  readonly after?: number | undefined;
}

/** Lines and gaps, each with the place where it ends. */
export interface PlacedEntry {
  readonly entry: LogEntry;
  /** How many bytes all streams together had said then; grows with each entry. */
  readonly position: number;
}

/** Settings of {@link followRecords}. */
export interface FollowRecordsOptions extends RecordRange {
  /**
   * Takes one entry.
   *
   * @param position - of {@link PlacedEntry}
   * @returns whether it can take more; if not, nothing comes before {@link RecordFollower.resume}.
   */
  readonly onEntry: (entry: LogEntry, position: number) => boolean;
}

/** A reader of records. */
export interface RecordFollower extends Follower {
  /** It can take more. Not to be called inside `onEntry`. */
  resume(): void;
}

/**
 * The lines that are kept, of all streams that `filter` admits, in the order they were said.
 *
 * @remarks The unfinished last line of a stream is among them once the stream has ended. What a stream said before its
 * first kept line is told as a gap.
 */
export function keptRecords(hub: OutputHub, filter: OutputFilter, range: RecordRange = {}): PlacedEntry[] {
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
  readonly #streams: PlacedEntry[][] = [];

  constructor(range: RecordRange) {
    this.#range = range;
  }

  sinkOf(source: OutputSource): OutputSink {
    return new RecordSink(source, this.newStream());
  }

  /** @returns what takes the entries of one stream */
  newStream(): TakeEntry {
    const { since = -Infinity, tail = Infinity, after = -1 } = this.#range;
    const place = this.#streams.push([]) - 1;
    return (entry, position) => {
      const stream = this.#streams[place];
      if (stream === undefined || entry.time < since || position <= after || tail === 0) return;
      if (stream.push({ entry, position }) >= tail + SURPLUS) this.#streams[place] = lastLines(stream, tail);
    };
  }

  /** All of them, in the order they were said. */
  entries(): PlacedEntry[] {
    const sorted = this.#streams.flat().toSorted((one, other) => one.position - other.position);
    return lastLines(sorted, this.#range.tail ?? Infinity);
  }
}

/** The end of `entries` that holds so many lines and begins with one; all of it when there are fewer. */
function lastLines(entries: PlacedEntry[], tail: number): PlacedEntry[] {
  let lines = 0;
  for (let start = entries.length; start > 0; start--) {
    const placed = entries[start - 1];
    if (placed !== undefined && !isLogGap(placed.entry) && ++lines === tail) return entries.slice(start - 1);
  }
  return entries;
}

/** What came of a stream while its reader was full: bytes, so many that are left out, or its end. */
interface HeldPiece {
  readonly sink: RecordSink;
  readonly bytes?: Uint8Array;
  readonly timeMs?: number;
  /** Where it begins; of a gap or an end, where that stands. */
  position: number;
  lost: number;
}

class LiveRecords implements RecordFollower {
  readonly #onEntry: FollowRecordsOptions["onEntry"];
  readonly #follower: Follower;
  #kept: KeptRecords | undefined;
  /** Entries of the last piece that the reader had no room for. */
  #queue: PlacedEntry[] = [];
  /** What came after them, not yet made entries: lines take many times the room of their bytes. */
  #held: HeldPiece[] = [];
  #heldBytes = 0;
  /** The gap at the end of what is held of a stream. */
  readonly #gaps = new Map<RecordSink, HeldPiece>();
  #isFull = false;
  #isClosed = false;

  constructor(hub: OutputHub, filter: OutputFilter, options: FollowRecordsOptions) {
    this.#onEntry = options.onEntry;
    this.#kept = new KeptRecords(options);
    this.#follower = hub.follow(filter, (source) => this.#sinkOf(source), { replay: true });
    const kept = this.#kept.entries();
    this.#kept = undefined;
    for (const { entry, position } of kept) this.#take(entry, position);
  }

  resume(): void {
    this.#isFull = false;
    this.#drain();
    let next = 0;
    for (const piece of this.#held) {
      if (this.#isFull || this.#isClosed) break;
      next++;
      this.#heldBytes -= sizeOf(piece);
      this.#play(piece);
    }
    this.#held = this.#held.slice(next);
  }

  close(): void {
    this.#isClosed = true;
    this.#queue = [];
    this.#held = [];
    this.#gaps.clear();
    this.#follower.close();
  }

  #sinkOf(source: OutputSource): OutputSink {
    // Of its stream alone, until what is kept is in order.
    const keep = this.#kept?.newStream();
    const sink = new RecordSink(source, (entry, position) => {
      if (this.#kept !== undefined && keep !== undefined) keep(entry, position);
      else this.#take(entry, position);
    });
    return {
      write: (bytes, timeMs, position) => {
        if (!this.#mustHold) sink.write(bytes, timeMs, position);
        else if (this.#heldBytes < QUEUE_BYTES) {
          // A copy, which slice() of a Buffer is not: what we are given is overwritten by the next read.
          this.#hold({ sink, bytes: new Uint8Array(bytes), timeMs, position, lost: 0 });
        } else this.#holdGap({ sink, lost: bytes.length, position: position + bytes.length });
      },
      gap: (lost, position) => {
        if (this.#mustHold) this.#holdGap({ sink, lost, position });
        else sink.gap(lost, position);
      },
      end: (position) => {
        if (this.#mustHold) this.#hold({ sink, position, lost: 0 });
        else sink.end(position);
      },
    };
  }

  get #mustHold(): boolean {
    return this.#isFull || this.#held.length > 0;
  }

  #hold(piece: HeldPiece): void {
    this.#gaps.delete(piece.sink);
    this.#held.push(piece);
    this.#heldBytes += sizeOf(piece);
  }

  #holdGap(gap: HeldPiece): void {
    const last = this.#gaps.get(gap.sink);
    if (last !== undefined) {
      last.lost += gap.lost;
      last.position = gap.position;
      return;
    }
    this.#hold(gap);
    this.#gaps.set(gap.sink, gap);
  }

  #play(piece: HeldPiece): void {
    const { sink, bytes, timeMs = 0, position, lost } = piece;
    if (this.#gaps.get(sink) === piece) this.#gaps.delete(sink);
    if (bytes !== undefined) sink.write(bytes, timeMs, position);
    else if (lost > 0) sink.gap(lost, position);
    else sink.end(position);
  }

  #drain(): void {
    let next = 0;
    for (const { entry, position } of this.#queue) {
      if (this.#isFull || this.#isClosed) break;
      next++;
      this.#isFull = !this.#onEntry(entry, position);
    }
    this.#queue = this.#queue.slice(next);
  }

  #take(entry: LogEntry, position: number): void {
    if (this.#isClosed) return;
    if (this.#isFull) this.#queue.push({ entry, position });
    else this.#isFull = !this.#onEntry(entry, position);
  }
}

const sizeOf = ({ bytes }: HeldPiece): number => PIECE_BYTES + (bytes?.length ?? 0);
