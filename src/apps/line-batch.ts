import { endianness } from "node:os";
import { asBuffer } from "../output/line-splitter.ts";
import type { LineWriter } from "../output/line-writer.ts";
import type { LinePrefix } from "./line-prefix.ts";

const NEWLINE = 10;
/** Room for the largest chunk that is read, 256 KiB, with prefixes before lines of 20 bytes. */
const BATCH_BYTES = 524_288;
const WORD_BYTES = 4;
const littleEndian = endianness() === "LE";

/**
 * Gathers prefixed lines in one buffer and writes them together, at the latest when the present turn of the event loop
 * is over.
 *
 * @remarks Native search and copy, prefix by words: 35 ns a line of 100 bytes in a fresh process, against 46 with `set`
 * for the prefix, 62 for `replaceAll` on a Latin-1 string, 72 for a loop over bytes; the search alone takes 17.
 */
export class LineBatch {
  readonly #writer: LineWriter;
  /** The last word of a prefix may reach over its end. */
  readonly #buffer = Buffer.from(new ArrayBuffer(BATCH_BYTES + WORD_BYTES));
  readonly #view = new DataView(this.#buffer.buffer);
  #length = 0;
  #flushDue = false;

  constructor(writer: LineWriter) {
    this.#writer = writer;
  }

  /** Puts `prefix` before every line of `block`, whose last line ends in a newline. */
  add(prefix: LinePrefix, block: Uint8Array): void {
    const lines = asBuffer(block);
    let at = this.#length;
    for (let start = 0; start < lines.length;) {
      const end = lines.indexOf(NEWLINE, start) + 1;
      const size = prefix.length + end - start;
      if (at + size > BATCH_BYTES) {
        this.#length = at;
        this.flush();
        at = 0;
      }
      if (size > BATCH_BYTES) this.#writer.write(Buffer.concat([prefix.bytes, lines.subarray(start, end)]));
      else {
        this.#putPrefix(prefix, at);
        lines.copy(this.#buffer, at + prefix.length, start, end);
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

  #putPrefix({ words }: LinePrefix, at: number): void {
    for (let index = 0; index < words.length; index++) {
      this.#view.setUint32(at + WORD_BYTES * index, words[index] ?? 0, littleEndian);
    }
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
