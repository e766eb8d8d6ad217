import type { MemoryBudget } from "./memory-budget.ts";
import type { OutputSource } from "./output-source.ts";
import { RingBuffer } from "./ring-buffer.ts";

/** A stretch of kept output: one process, one moment. */
export interface KeptSegment {
  readonly source: OutputSource;
  /** When its first byte was read, in milliseconds since 1970. */
  readonly timeMs: number;
  readonly bytes: Uint8Array;
}

interface Mark {
  readonly at: number;
  readonly timeMs: number;
  readonly source: OutputSource;
}

/** Bytes read within this time share one time stamp. */
const MOMENT_MS = 100;
/** Most time stamps of one stream: a line of 64 bytes each in 64 KiB. */
const MARKS = 1024;

/** The last output of one slot's stream, over all the processes the slot had, with the times it came. */
export class KeptOutput {
  readonly #ring: RingBuffer;
  readonly #marks: Mark[] = [];

  constructor(budget: MemoryBudget, limitBytes: number) {
    this.#ring = new RingBuffer(budget, limitBytes);
  }

  /** Bytes kept. */
  get length(): number {
    return this.#ring.length;
  }

  /** Bytes that came and are kept no more. */
  get lost(): number {
    return this.#ring.lost;
  }

  write(bytes: Uint8Array, timeMs: number, source: OutputSource): void {
    const last = this.#marks.at(-1);
    if (last === undefined || last.source !== source || timeMs - last.timeMs >= MOMENT_MS || timeMs < last.timeMs) {
      this.#forgetMarks();
      this.#marks.push({ at: this.#ring.written, timeMs, source });
    }
    this.#ring.write(bytes);
  }

  /** Copies of all that is kept, oldest first. */
  segments(): KeptSegment[] {
    const lost = this.#ring.lost;
    const kept = this.#ring.snapshot();
    return this.#marks
      .map((mark, index) => {
        const end = (this.#marks[index + 1]?.at ?? this.#ring.written) - lost;
        return {
          source: mark.source,
          timeMs: mark.timeMs,
          bytes: kept.subarray(Math.max(0, mark.at - lost), Math.max(0, end)),
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
    if (count > 0) this.#marks.splice(0, count);
  }
}
