import type { MemoryBudget } from "./memory-budget.ts";

/** Bytes kept of one stream unless told otherwise (SPEC "Output kept"). */
export const KEPT_BYTES = 65_536;

/** The last bytes of one stream, in pages of a shared budget; it takes pages only as bytes come. */
export class RingBuffer {
  readonly #budget: MemoryBudget;
  readonly #limit: number;
  readonly #pages: Uint8Array[] = [];
  /** Bytes of the first page that are kept no more. */
  #skipped = 0;
  #length = 0;
  #written = 0;

  constructor(budget: MemoryBudget, limitBytes: number = KEPT_BYTES) {
    this.#budget = budget;
    this.#limit = limitBytes;
  }

  /** Bytes kept. */
  get length(): number {
    return this.#length;
  }

  /** Bytes ever written. */
  get written(): number {
    return this.#written;
  }

  /** Bytes written that are kept no more. */
  get lost(): number {
    return this.#written - this.#length;
  }

  /** Keeps `bytes`, in place of the oldest when that is too much. */
  write(bytes: Uint8Array): void {
    this.#written += bytes.length;
    this.#budget.touch(this);
    let from = Math.max(0, bytes.length - this.#limit);
    const excess = this.#length + bytes.length - from - this.#limit;
    if (excess > 0) this.#drop(excess);
    while (from < bytes.length) from += this.#append(bytes, from);
  }

  /** Copies of what is kept, oldest first. */
  snapshot(): Uint8Array {
    const copy = new Uint8Array(this.#length);
    const size = this.#budget.pageBytes;
    let at = 0;
    for (const [index, page] of this.#pages.entries()) {
      const start = index === 0 ? this.#skipped : 0;
      const end = Math.min(size, start + this.#length - at);
      copy.set(page.subarray(start, end), at);
      at += end - start;
    }
    return copy;
  }

  /** Gives the oldest page back. @returns the page, or undefined when there is none. */
  surrender(): Uint8Array | undefined {
    const page = this.#pages.shift();
    if (page === undefined) return undefined;
    this.#length -= Math.min(this.#length, this.#budget.pageBytes - this.#skipped);
    this.#skipped = 0;
    return page;
  }

  /** Gives everything back. */
  clear(): void {
    this.#drop(this.#length);
    this.#budget.forget(this);
  }

  #append(bytes: Uint8Array, from: number): number {
    const size = this.#budget.pageBytes;
    if (this.#skipped + this.#length === this.#pages.length * size) this.#pages.push(this.#budget.take());
    const start = (this.#skipped + this.#length) % size;
    const count = Math.min(size - start, bytes.length - from);
    this.#pages.at(-1)?.set(bytes.subarray(from, from + count), start);
    this.#length += count;
    return count;
  }

  #drop(count: number): void {
    const size = this.#budget.pageBytes;
    this.#skipped += count;
    this.#length -= count;
    while (this.#skipped >= size || (this.#length === 0 && this.#pages.length > 0)) {
      const page = this.#pages.shift();
      if (page === undefined) break;
      this.#budget.giveBack(page);
      this.#skipped = this.#length === 0 ? 0 : this.#skipped - size;
    }
  }
}
