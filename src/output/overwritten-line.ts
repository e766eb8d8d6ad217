import { asBuffer, LINE_BYTES } from "./line-splitter.ts";

const CARRIAGE_RETURN = 13;
/** Between two looks at a line that is being overwritten: at most 4 a second (SPEC §8). */
const PREVIEW_MS = 250;
const nothing = Buffer.alloc(0);

/**
 * The line under way on a terminal, of which `\r` overwrites what stands there: progress bars and the like. It is shown
 * as it ends, and meanwhile now and then. Knows no clock: every instant is told to it.
 */
export class OverwrittenLine {
  readonly #limit: number;
  /** The last text that a carriage return ended. */
  #standing: Buffer = nothing;
  /** What was written since. */
  #writing: Buffer[] = [];
  #writingLength = 0;
  /** Something was written where text stood: the return was no mere part of the line's end, `\r\n`. */
  #overwritten = false;
  #unseen = false;
  #seenAt = -Infinity;

  /** @param limitBytes - the most that is held of one line; the rest is left out. */
  constructor(limitBytes: number = LINE_BYTES) {
    this.#limit = limitBytes;
  }

  /** Whether nothing was written since the last line. */
  get empty(): boolean {
    return this.#writingLength === 0 && this.#standing.length === 0;
  }

  /** Takes bytes of the line; no newline among them. */
  write(bytes: Uint8Array): void {
    const chunk = asBuffer(bytes);
    let start = 0;
    for (let end = chunk.indexOf(CARRIAGE_RETURN); end !== -1; end = chunk.indexOf(CARRIAGE_RETURN, start)) {
      this.#append(chunk.subarray(start, end));
      this.#return();
      start = end + 1;
    }
    this.#append(chunk.subarray(start));
  }

  /** What stands there, when it is new and a look is due. */
  preview(nowMs: number): Uint8Array | undefined {
    const dueAt = this.nextPreviewAt();
    if (dueAt === undefined || dueAt > nowMs) return undefined;
    this.#unseen = false;
    this.#seenAt = nowMs;
    return this.#standing;
  }

  /** From when on {@link preview} has something to show; undefined = no look is needed. */
  nextPreviewAt(): number | undefined {
    return this.#unseen && this.#overwritten ? this.#seenAt + PREVIEW_MS : undefined;
  }

  /** The line as it ends; what follows is the next one. */
  end(): Uint8Array {
    const line = this.#writingLength > 0 ? Buffer.concat(this.#writing) : this.#standing;
    this.#writing = [];
    this.#writingLength = 0;
    this.#standing = nothing;
    this.#overwritten = false;
    this.#unseen = false;
    return line;
  }

  #append(bytes: Buffer): void {
    const room = Math.min(bytes.length, this.#limit - this.#writingLength);
    if (room === 0) return;
    this.#writing.push(Buffer.from(bytes.subarray(0, room)));
    this.#writingLength += room;
    if (this.#standing.length > 0) this.#overwritten = true;
  }

  #return(): void {
    if (this.#writingLength === 0) return;
    this.#standing = Buffer.concat(this.#writing);
    this.#writing = [];
    this.#writingLength = 0;
    this.#unseen = true;
  }
}
