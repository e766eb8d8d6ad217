const NEWLINE = 10;

/** The longest line that is held while its end has not come, in bytes. A 10 MB line passes whole; memory stays bounded. */
export const LINE_BYTES = 16_777_216;

/** What is held of an unfinished line stays allocated up to this size, so that ordinary lines allocate nothing. */
const HELD_BYTES = 65_536;

/** Takes what a {@link LineSplitter} makes. */
export interface LineHandler {
  /** One or more whole lines, each ending in a newline. The bytes are valid only during the call. */
  lines(block: Uint8Array): void;
  /** Here `lostBytes` of the stream are missing. */
  cut(lostBytes: number): void;
}

/** Makes whole lines of chunks, on bytes: what is no UTF-8 passes untouched. */
export class LineSplitter {
  readonly #handler: LineHandler;
  readonly #limit: number;
  #held: Buffer = Buffer.alloc(0);
  #heldLength = 0;
  #lost = 0;
  /** The rest of the line under way is thrown away. */
  #skipping = false;

  constructor(handler: LineHandler, limitBytes: number = LINE_BYTES) {
    this.#handler = handler;
    this.#limit = limitBytes;
  }

  /** Takes the next bytes of the stream. */
  write(bytes: Uint8Array): void {
    const chunk = asBuffer(bytes);
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    let start = 0;
    if (end > 0 && (this.#heldLength > 0 || this.#skipping)) {
      start = chunk.indexOf(NEWLINE) + 1;
      this.#hold(chunk, 0, start);
      this.#finish();
    }
    if (end > start) this.#handler.lines(start === 0 && end === chunk.length ? chunk : chunk.subarray(start, end));
    if (end < chunk.length) this.#hold(chunk, end, chunk.length);
  }

  /** Tells that `lostBytes` are missing here: the line under way ends, and the next begins after the next newline. */
  gap(lostBytes: number): void {
    this.#deliver();
    this.#lost += lostBytes;
    this.#skipping = true;
  }

  /** The stream has ended: a last line without newline is given one. */
  end(): void {
    this.#finish();
    this.#held = Buffer.alloc(0);
  }

  #hold(chunk: Buffer, start: number, end: number): void {
    const room = this.#skipping ? 0 : this.#limit - this.#heldLength;
    const count = Math.min(room, end - start);
    if (count > 0) {
      this.#reserve(this.#heldLength + count);
      chunk.copy(this.#held, this.#heldLength, start, start + count);
      this.#heldLength += count;
    }
    const rest = end - start - count;
    if (rest === 0) return;
    if (!this.#skipping) this.#deliver();
    this.#skipping = true;
    this.#lost += rest;
  }

  /** The line under way is at its end. */
  #finish(): void {
    this.#deliver();
    if (this.#skipping && this.#lost > 0) this.#handler.cut(this.#lost);
    this.#skipping = false;
    this.#lost = 0;
  }

  #deliver(): void {
    const length = this.#heldLength;
    if (length === 0) return;
    this.#heldLength = 0;
    let line = this.#held.subarray(0, length);
    if (line[length - 1] !== NEWLINE) line = Buffer.concat([line, Buffer.of(NEWLINE)]);
    if (this.#held.length > HELD_BYTES) this.#held = Buffer.alloc(0);
    this.#handler.lines(line);
  }

  #reserve(length: number): void {
    if (length <= this.#held.length) return;
    const larger = Buffer.from(new ArrayBuffer(Math.max(length, 256, 2 * this.#held.length)));
    this.#held.copy(larger, 0, 0, this.#heldLength);
    this.#held = larger;
  }
}

/** Calls `take` with each line of a block of whole lines, without its newline. */
export function eachLine(block: Uint8Array, take: (line: Uint8Array) => void): void {
  const buffer = asBuffer(block);
  for (let start = 0; start < buffer.length;) {
    const end = buffer.indexOf(NEWLINE, start);
    take(buffer.subarray(start, end === -1 ? buffer.length : end));
    start = end === -1 ? buffer.length : end + 1;
  }
}

/** How many lines end in `bytes`. */
export function countLines(bytes: Uint8Array): number {
  const buffer = asBuffer(bytes);
  let count = 0;
  for (let at = buffer.indexOf(NEWLINE); at !== -1; at = buffer.indexOf(NEWLINE, at + 1)) count++;
  return count;
}

/** The same bytes as a `Buffer`, whose search and copy are native. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
