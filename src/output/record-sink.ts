import type { LogEntry, LogOrigin } from "../base/log-record.ts";
import { eachLine, LineSplitter } from "./line-splitter.ts";
import type { OutputSink } from "./open-output.ts";
import type { OutputSource } from "./output-source.ts";

/** The longest line of a record, in bytes; the rest is told as a gap. A reader of a thousand streams must stay small. */
const RECORD_BYTES = 1_048_576;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Makes records of one output, line by line. */
export class RecordSink implements OutputSink {
  readonly #source: OutputSource;
  readonly #take: (entry: LogEntry) => void;
  readonly #lines: LineSplitter;
  #timeMs = 0;

  constructor(source: OutputSource, take: (entry: LogEntry) => void) {
    this.#source = source;
    this.#take = take;
    const handler = {
      lines: (block: Uint8Array) => eachLine(block, (line) => take({ ...this.#origin(), text: this.#text(line) })),
      cut: (lostBytes: number) => this.#take({ ...this.#origin(), lostBytes }),
    };
    this.#lines = new LineSplitter(handler, RECORD_BYTES);
  }

  write(bytes: Uint8Array, timeMs: number): void {
    this.#timeMs = timeMs;
    this.#lines.write(bytes);
  }

  gap(lostBytes: number): void {
    this.#lines.gap(lostBytes);
  }

  end(): void {
    this.#lines.end();
  }

  #origin(): LogOrigin {
    const { id, slot, job, stream } = this.#source;
    return { time: this.#timeMs, id, slot, job, label: stream };
  }

  #text(line: Uint8Array): string {
    const text = decoder.decode(line);
    if (!this.#source.terminal) return text;
    // A terminal's lines end in \r\n, and \r alone overwrites: what stood there last is what was said.
    const standing = text.endsWith("\r") ? text.slice(0, -1) : text;
    return standing.slice(standing.lastIndexOf("\r") + 1);
  }
}
