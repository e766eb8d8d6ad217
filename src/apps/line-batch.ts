import { asBuffer } from "../output/line-splitter.ts";
import type { LineWriter } from "../output/line-writer.ts";

const NEWLINE = 10;
/** Four full pipes. */
const BATCH_BYTES = 262_144;

/**
 * Gathers prefixed lines in one buffer and writes them together, at the latest when the present turn of the event loop
 * is over.
 *
 * @remarks Native search and copy per line: 43 ns a line of 100 bytes, against 73 for `replaceAll` on a Latin-1 string,
 * 130 for `Uint8Array` search and `set`, 197 for a loop over bytes.
 */
export class LineBatch {
  readonly #writer: LineWriter;
  readonly #buffer = Buffer.from(new ArrayBuffer(BATCH_BYTES));
  #length = 0;
  #flushDue = false;

  constructor(writer: LineWriter) {
    this.#writer = writer;
  }

  /** Puts `prefix` before every line of `block`, whose last line ends in a newline. */
  add(prefix: Buffer, block: Uint8Array): void {
    const lines = asBuffer(block);
    const buffer = this.#buffer;
    let at = this.#length;
    for (let start = 0; start < lines.length;) {
      const end = lines.indexOf(NEWLINE, start) + 1;
      const size = prefix.length + end - start;
      if (at + size > BATCH_BYTES) {
        this.#length = at;
        this.flush();
        at = 0;
      }
      if (size > BATCH_BYTES) {
        this.#writer.write(Buffer.concat([prefix, lines.subarray(start, end)]));
      } else {
        buffer.set(prefix, at);
        lines.copy(buffer, at + prefix.length, start, end);
        at += size;
      }
      start = end;
    }
    this.#length = at;
    this.#flushSoon();
  }

  /** Writes what was gathered. */
  flush(): void {
    const length = this.#length;
    if (length === 0) return;
    this.#length = 0;
    this.#writer.write(this.#buffer.subarray(0, length));
  }

  #flushSoon(): void {
    if (this.#flushDue) return;
    this.#flushDue = true;
    queueMicrotask(() => {
      this.#flushDue = false;
      this.flush();
    });
  }
}
