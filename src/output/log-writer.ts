import { HeldBytes } from "./held-bytes.ts";
import { asBuffer } from "./line-splitter.ts";
import type { LogFile } from "./log-file.ts";
import type { OutputSink } from "./open-output.ts";

const NEWLINE = 10;
/**
 * The most that is held back so that lines of several writers stay whole. Many times what is read at once: whoever waits for the end of
 * another's line is given so much before that one is read again.
 */
const HELD_BYTES = 1_048_576;
/** The longest that whole lines wait for the end of another's line: that may be a prompt that nobody answers. */
const WAIT_MS = 1000;

/**
 * One output on its way to a log file: bytes as they come while it is alone there, whole lines while others write there
 * too.
 */
export class LogWriter implements OutputSink {
  readonly #file: LogFile;
  readonly #held = new HeldBytes();
  #skipping = false;
  #patience: NodeJS.Timeout | undefined;

  constructor(file: LogFile) {
    this.#file = file;
  }

  write(bytes: Uint8Array): void {
    const chunk = this.#skipping ? this.#skip(asBuffer(bytes)) : asBuffer(bytes);
    if (chunk.length === 0) return;
    if (!this.#file.shared) {
      this.#write();
      this.#file.append(this, chunk);
    } else if (this.#file.isTakenFrom(this)) this.#wait(chunk);
    else this.#writeLines(chunk);
  }

  end(): void {
    this.#write();
    this.#held.clear();
    this.#file.detach(this);
  }

  /** Writes what is whole of what is held: the line of another that was under way has ended. */
  flush(): void {
    clearTimeout(this.#patience);
    this.#patience = undefined;
    const held = this.#held.take();
    const end = held.lastIndexOf(NEWLINE) + 1;
    if (end > 0) this.#file.append(this, held.subarray(0, end));
    if (end < held.length) this.#hold(Buffer.from(held.subarray(end)));
  }

  /** The rest of the line under way is thrown away: its beginning could not be written. */
  skipLine(): void {
    this.#skipping = true;
  }

  /** @returns what follows the line that is thrown away */
  #skip(chunk: Buffer): Buffer {
    const end = chunk.indexOf(NEWLINE) + 1;
    this.#skipping = end === 0;
    const start = end === 0 ? chunk.length : end;
    this.#file.lose(start);
    return chunk.subarray(start);
  }

  #writeLines(chunk: Buffer): void {
    // Our own line is under way: there is nothing to hold back before its end.
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end === 0 && this.#file.isOwnedBy(this)) return this.#file.append(this, chunk);
    let start = 0;
    if (end > 0 && this.#held.length > 0) {
      start = chunk.indexOf(NEWLINE) + 1;
      this.#held.add(chunk.subarray(0, start));
      this.#write();
    }
    if (end > start) this.#file.append(this, chunk.subarray(start, end));
    if (end < chunk.length) this.#hold(chunk.subarray(end));
    return undefined;
  }

  #wait(chunk: Buffer): void {
    this.#hold(chunk);
    if (this.#held.length === 0) return;
    this.#file.wait(this);
    this.#patience ??= setTimeout(() => this.flush(), WAIT_MS);
  }

  #hold(bytes: Buffer): void {
    this.#held.add(bytes);
    if (this.#held.length >= HELD_BYTES) this.#write();
  }

  /** Writes all that is held, be its last line whole or not. */
  #write(): void {
    if (this.#held.length === 0) return;
    clearTimeout(this.#patience);
    this.#patience = undefined;
    this.#file.append(this, this.#held.take());
  }
}
