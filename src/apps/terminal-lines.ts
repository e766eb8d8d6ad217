import { asBuffer, type LineHandler } from "../output/line-splitter.ts";
import type { OutputSink } from "../output/open-output.ts";
import { OverwrittenLine } from "../output/overwritten-line.ts";

const NEWLINE = Buffer.from("\n");

/** Makes lines of what a child says to a terminal; a line that is overwritten is shown as it ends, and now and then before. */
export class TerminalLines implements OutputSink {
  readonly #handler: LineHandler;
  readonly #now: () => number;
  readonly #line = new OverwrittenLine();
  #look: NodeJS.Timeout | undefined;

  /** @param now - milliseconds on any clock. */
  constructor(handler: LineHandler, now: () => number) {
    this.#handler = handler;
    this.#now = now;
  }

  write(bytes: Uint8Array): void {
    const chunk = asBuffer(bytes);
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.#line.write(chunk.subarray(start, end));
      this.#show(this.#line.end());
      start = end + 1;
    }
    this.#line.write(chunk.subarray(start));
    this.#preview();
  }

  gap(lostBytes: number): void {
    this.end();
    this.#handler.cut(lostBytes);
  }

  end(): void {
    clearTimeout(this.#look);
    this.#look = undefined;
    if (!this.#line.empty) this.#show(this.#line.end());
  }

  #preview(): void {
    const now = this.#now();
    const text = this.#line.preview(now);
    if (text !== undefined) this.#show(text);
    const dueAt = this.#line.nextPreviewAt();
    if (dueAt === undefined || this.#look !== undefined) return;
    this.#look = setTimeout(() => {
      this.#look = undefined;
      this.#preview();
    }, dueAt - now);
  }

  #show(text: Uint8Array): void {
    this.#handler.lines(Buffer.concat([text, NEWLINE]));
  }
}
