import type { MemoryBudget } from "./memory-budget.ts";
import type { OutputSource } from "./output-source.ts";
import { RingBuffer } from "./ring-buffer.ts";

/** A stretch of kept output: one process, one moment. */
export interface KeptSegment {
  readonly source: OutputSource;
  /** When its first byte was read, in milliseconds since 1970. */
  readonly timeMs: number;
  /** How many bytes all streams together had said before it; the bytes that follow stand one after the other. */
  readonly position: number;
  readonly bytes: Uint8Array;
}

/** When and by whom bytes were said, and where they stand in all that was said. */
export type KeptMoment = Omit<KeptSegment, "bytes">;

interface Mark extends KeptMoment {
  /** How many bytes the stream had said before. */
  readonly at: number;
}

/** Bytes read within this time share one time stamp, if no other stream said something between. */
const MOMENT_MS = 100;
/** Most time stamps of one stream: a line of 64 bytes each in 64 KiB. */
const MARKS = 1024;

/** The last output of one slot's stream, over all the processes the slot had, with the times it came. */
export class KeptOutput {
  readonly #ring: RingBuffer;
  readonly #marks: Mark[] = [];
  #lostPosition = 0;

  constructor(budget: MemoryBudget, limitBytes: number) {
    this.#ring = new RingBuffer(budget, limitBytes);
  }

  /** Bytes kept. */
  get length(): number {
    return this.#ring.length;
  }

  /** Bytes that came and are kept no more. */
  get lost(): number {
    return Math.max(this.#ring.lost, this.#marks[0]?.at ?? 0);
  }

  /** Where the last byte that is kept no more ended in all that was said. */
  get lostPosition(): number {
    const { lost } = this;
    const mark = this.#marks.findLast(({ at }) => at < lost);
    return mark === undefined ? this.#lostPosition : mark.position + lost - mark.at;
  }

  write(bytes: Uint8Array, moment: KeptMoment): void {
    const last = this.#marks.at(-1);
    const written = this.#ring.written;
    const goesOn =
      last?.source === moment.source &&
      last.position + written - last.at === moment.position &&
      moment.timeMs - last.timeMs < MOMENT_MS &&
      moment.timeMs >= last.timeMs;
    if (!goesOn) {
      this.#forgetMarks();
      this.#marks.push({ at: written, ...moment });
    }
    this.#ring.write(bytes);
  }

  /** Copies of all that is kept, oldest first. */
  segments(): KeptSegment[] {
    const lost = this.#ring.lost;
    const kept = this.#ring.snapshot();
    return this.#marks
      .map(({ at, ...moment }, index) => {
        const end = (this.#marks[index + 1]?.at ?? this.#ring.written) - lost;
        const skipped = Math.max(0, lost - at);
        return {
          ...moment,
          position: moment.position + skipped,
          bytes: kept.subarray(at + skipped - lost, Math.max(0, end)),
        };
      })
      .filter((segment) => segment.bytes.length > 0);
  }

  /** Gives the memory back. */
  clear(): void {
    this.#ring.clear();
    this.#marks.length = 0;
  }

  #forgetMarks(): void {
    const lost = this.#ring.lost;
    const gone = this.#marks.findIndex((_, index) => (this.#marks[index + 1]?.at ?? Infinity) > lost);
    const count = Math.max(gone, this.#marks.length >= MARKS ? 1 : 0);
    if (count <= 0) return;
    this.#lostPosition = this.#endOf(count - 1);
    this.#marks.splice(0, count);
  }

  /** Where the bytes of a mark end. */
  #endOf(index: number): number {
    const mark = this.#marks[index];
    return mark === undefined ? 0 : mark.position + (this.#marks[index + 1]?.at ?? this.#ring.written) - mark.at;
  }
}
