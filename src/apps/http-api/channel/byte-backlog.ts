/** Most output that waits for a slow reader, in bytes. */
const LIMIT_BYTES = 262_144;

/** A piece of a stream, or that so much of it is missing. */
export type StreamPiece = Uint8Array | { readonly missed: number };

/** What a stream has said and its reader has not taken yet: bounded, and what did not fit is counted. */
export class ByteBacklog {
  #queue: Uint8Array[] = [];
  #bytes = 0;
  #missed = 0;

  /** How much waits. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes a copy: what is read is valid only during the call. */
  push(bytes: Uint8Array): void {
    // Once something is missing, what follows stands behind the gap.
    if (this.#missed > 0 || this.#bytes + bytes.length > LIMIT_BYTES) {
      this.#missed += bytes.length;
      return;
    }
    this.#queue.push(Uint8Array.from(bytes));
    this.#bytes += bytes.length;
  }

  /** All that waits, in one piece; then what is missing. @returns undefined when nothing does */
  take(): StreamPiece | undefined {
    const queue = this.#queue;
    const [only] = queue;
    if (only !== undefined) {
      this.#queue = [];
      this.#bytes = 0;
      return queue.length === 1 ? only : Buffer.concat(queue);
    }
    if (this.#missed === 0) return undefined;
    const missed = this.#missed;
    this.#missed = 0;
    return { missed };
  }

  /** So many bytes are missing here, before anything that is pushed from now on. */
  miss(bytes: number): void {
    this.#missed += bytes;
  }

  clear(): void {
    this.#queue = [];
    this.#bytes = this.#missed = 0;
  }
}
