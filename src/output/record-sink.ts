import type { LogEntry, LogOrigin } from "../base/log-record.ts";
import { asBuffer, eachLine, LineSplitter } from "./line-splitter.ts";
import type { OutputSink } from "./open-output.ts";
import type { OutputSource } from "./output-source.ts";

/** The longest line of a record, in bytes; the rest is told as a gap. A reader of a thousand streams must stay small. */
const RECORD_BYTES = 1_048_576;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Takes an entry of one output.
 *
 * @param position - where it ends in all that was said; grows with each.
 */
export type TakeEntry = (entry: LogEntry, position: number) => void;

/** Makes records of one output, line by line. */
export class RecordSink implements OutputSink {
  readonly #source: OutputSource;
  readonly #take: TakeEntry;
  readonly #lines: LineSplitter;
  #timeMs = 0;
  /** What is being looked at, and where it begins in all that was said. */
  #chunk: Buffer = Buffer.alloc(0);
  #position = 0;
  /** Where the last entry ended. */
  #told = 0;

  constructor(source: OutputSource, take: TakeEntry) {
    this.#source = source;
    this.#take = take;
    const handler = {
      lines: (block: Uint8Array) => this.#takeLines(block),
      cut: (lostBytes: number) => this.#tell({ ...this.#origin(), lostBytes }, this.#firstEnd),
    };
    this.#lines = new LineSplitter(handler, RECORD_BYTES);
  }

  write(bytes: Uint8Array, timeMs: number, position: number): void {
    this.#timeMs = timeMs;
    this.#chunk = asBuffer(bytes);
    this.#position = position;
    this.#lines.write(this.#chunk);
    this.#chunk = Buffer.alloc(0);
    this.#position = position + bytes.length;
  }

  gap(lostBytes: number, position: number): void {
    this.#position = position;
    this.#lines.gap(lostBytes);
  }

  end(position: number): void {
    this.#position = position;
    this.#lines.end();
  }

  /** Where the first line of the chunk ends: what was held from before ends there, too. */
  get #firstEnd(): number {
    return this.#position + this.#chunk.indexOf("\n") + 1;
  }

  #takeLines(block: Uint8Array): void {
    const { buffer, byteOffset, length } = this.#chunk;
    const start = block.byteOffset - byteOffset;
    const isOfChunk = block.buffer === buffer && start >= 0 && start + block.length <= length;
    let end = isOfChunk ? this.#position + start : this.#firstEnd;
    eachLine(block, (line) => {
      if (isOfChunk) end += line.length + 1;
      this.#tell({ ...this.#origin(), text: this.#text(line) }, end);
    });
  }

  #tell(entry: LogEntry, position: number): void {
    this.#told = Math.max(this.#told, position);
    this.#take(entry, this.#told);
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
