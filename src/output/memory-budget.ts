/** What pages can be taken from: a {@link RingBuffer}. */
export interface PageHolder {
  /** Gives one page back, the oldest; undefined when it has none. */
  surrender(): Uint8Array | undefined;
}

/** Memory of all kept output together unless told otherwise (SPEC `output_memory`, 32m). */
export const OUTPUT_MEMORY_BYTES = 33_554_432;

const PAGE_BYTES = 4096;

/**
 * Pages for kept output, never more than a bound: when all are in use, the holder that was written longest ago gives up
 * its oldest.
 */
export class MemoryBudget {
  /** Size of one page. */
  readonly pageBytes: number = PAGE_BYTES;
  readonly #limit: number;
  readonly #free: Uint8Array[] = [];
  /** In the order of their last write. */
  readonly #holders = new Set<PageHolder>();
  #last: PageHolder | undefined;
  #pages = 0;

  constructor(limitBytes: number = OUTPUT_MEMORY_BYTES) {
    this.#limit = Math.max(1, Math.floor(limitBytes / PAGE_BYTES));
  }

  /** Bytes of the pages that exist, in use or free. */
  get bytes(): number {
    return this.#pages * PAGE_BYTES;
  }

  /** A page to write on; what stands in it is anyone's. */
  take(): Uint8Array {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    const taken = this.#pages < this.#limit ? undefined : this.#takeFromOldest();
    if (taken !== undefined) return taken;
    this.#pages++;
    return new Uint8Array(PAGE_BYTES);
  }

  giveBack(page: Uint8Array): void {
    this.#free.push(page);
  }

  /** Marks a holder as the one written last. */
  touch(holder: PageHolder): void {
    if (this.#last === holder) return;
    this.#last = holder;
    this.#holders.delete(holder);
    this.#holders.add(holder);
  }

  forget(holder: PageHolder): void {
    this.#holders.delete(holder);
    if (this.#last === holder) this.#last = undefined;
  }

  #takeFromOldest(): Uint8Array | undefined {
    for (const holder of this.#holders) {
      const page = holder.surrender();
      if (page !== undefined) return page;
      // It has nothing left; its next write brings it back.
      this.forget(holder);
    }
    return undefined;
  }
}
