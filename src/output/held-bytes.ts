const FIRST_BYTES = 256;
/** Memory up to this size stays for what comes next, so that ordinary lines allocate nothing. */
const SPARE_BYTES = 16_384;

/** Bytes kept for a while, in one buffer that grows as they come. */
export class HeldBytes {
  #buffer: Buffer = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(bytes: Buffer): void {
    const length = this.#length + bytes.length;
    if (length > this.#buffer.length) {
      const larger = Buffer.from(new ArrayBuffer(Math.max(length, FIRST_BYTES, 2 * this.#buffer.length)));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    bytes.copy(this.#buffer, this.#length);
    this.#length = length;
  }

  /** What is held, which is held no more; valid until the next {@link add}. */
  take(): Buffer {
    const taken = this.#buffer.subarray(0, this.#length);
    this.#length = 0;
    if (this.#buffer.length > SPARE_BYTES) this.#buffer = Buffer.alloc(0);
    return taken;
  }

  /** Gives the memory back. */
  clear(): void {
    this.#buffer = Buffer.alloc(0);
    this.#length = 0;
  }
}
