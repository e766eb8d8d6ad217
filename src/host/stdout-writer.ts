import { asBuffer, countLines } from "../output/line-splitter.ts";
import type { LineWriter } from "../output/line-writer.ts";
import { codeOf, openChannel, type OutputChannel } from "./output-channel.ts";
import type { Reactor, WritableWatch } from "./reactor.ts";

/**
 * When so much waits for a slow reader, lines are left out and counted. Children are not read long before that, but one
 * line may be 16 MiB long, and the last words of those that die (64 KiB an output) come even while the others wait.
 */
const QUEUE_BYTES = 67_108_864;
/** From here on children are not read (they wait in write(2), as in any shell pipeline) … */
const HIGH_WATER_BYTES = 1_048_576;
/** … until this little is left. */
const LOW_WATER_BYTES = 262_144;
/** A reader that takes nothing for so long is left behind: a stopped `less`, Ctrl-S. */
const STALL_MS = 5000;

/** How {@link StdoutWriter.finish} waits. */
export interface FinishOptions {
  /** Waits as long as there is a reader, even one that takes nothing. @defaultValue `false` */
  readonly patient?: boolean;
  /** Ends the wait at once. */
  readonly signal?: AbortSignal;
}

/** Settings of a {@link StdoutWriter}. */
export interface StdoutWriterOptions {
  /** Waits for room, and is paused while the reader is slow. */
  readonly reactor: Pick<Reactor, "watchWritable" | "pause" | "resume">;
  /** @defaultValue 1 */
  readonly fd?: number;
  /** Told once that nothing more can be written; `error` is undefined for a closed pipe, which is no error. */
  readonly onClosed?: (error: unknown) => void;
  /** How long a reader may take nothing before it is left behind. @defaultValue 5000 */
  readonly stallMs?: number;
}

/**
 * Writes lines to stdout without ever blocking the event loop, whatever stdout is.
 *
 * @remarks While the reader is slow, children wait and nothing is lost. One that takes nothing for {@link STALL_MS} is
 * left behind: children go on, lines are left out whole, and a line in their place says how many.
 */
export class StdoutWriter implements LineWriter, AsyncDisposable {
  readonly #reactor: StdoutWriterOptions["reactor"];
  readonly #channel: OutputChannel;
  readonly #onClosed: (error: unknown) => void;
  readonly #stallMs: number;
  readonly #queue: Buffer[] = [];
  #queued = 0;
  #lostLines = 0;
  /** Lines lost of which a queued line tells, and how many such lines wait. */
  #gaps = { told: 0, queued: 0 };
  /** Lines are left out until the queue is low again. */
  #dropping = false;
  #paused = false;
  #closed = false;
  #finished = false;
  /** A reader that takes nothing is waited for, too. */
  #patient = false;
  #watch: WritableWatch | undefined;
  #stall: NodeJS.Timeout | undefined;
  #progressAt = 0;
  #settled: (() => void) | undefined;

  constructor(options: StdoutWriterOptions) {
    this.#reactor = options.reactor;
    this.#channel = openChannel(options.fd ?? 1);
    this.#onClosed = options.onClosed ?? (() => undefined);
    this.#stallMs = options.stallMs ?? STALL_MS;
  }

  /** Bytes that wait for the reader. */
  get queuedBytes(): number {
    return this.#queued;
  }

  write(lines: Uint8Array): void {
    if (this.#closed) return;
    const bytes = asBuffer(lines);
    if (this.#dropping || this.#queued >= QUEUE_BYTES) {
      this.#dropping = true;
      this.#lostLines += countLines(bytes);
      return;
    }
    const written = this.#queued === 0 ? this.#try(bytes) : 0;
    if (written === bytes.length || this.#closed) return;
    this.#enqueue(Buffer.from(bytes.subarray(written)));
  }

  /**
   * Waits until everything is written, the reader is gone, or it takes nothing for the stall time; then lets go.
   *
   * @returns how many lines the reader will never be told of: 0 if it has gone.
   */
  async finish({ patient = false, signal }: FinishOptions = {}): Promise<number> {
    if (this.#finished) return 0;
    this.#finished = true;
    this.#patient = patient;
    if (this.#queued > 0) this.#drain();
    const leftBehind = this.#stall === undefined && !patient;
    if (this.#queued > 0 && !leftBehind && signal?.aborted !== true) await this.#settling(signal);
    const lost = this.#unwrittenLines();
    this.#close();
    this.#channel.close();
    return lost;
  }

  /** Finishes without patience. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.finish();
  }

  async #settling(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#settled = resolve;
    signal?.addEventListener("abort", () => resolve(), { once: true });
    await promise;
  }

  #unwrittenLines(): number {
    const waiting = this.#queue.reduce((sum, bytes) => sum + countLines(bytes), 0);
    return waiting - this.#gaps.queued + this.#gaps.told + this.#lostLines;
  }

  #enqueue(bytes: Buffer): void {
    this.#queue.push(bytes);
    this.#queued += bytes.length;
    if (this.#watch === undefined) {
      this.#watch = this.#reactor.watchWritable(this.#channel.fd, () => this.#drain());
      this.#progressAt = performance.now();
      this.#armStall(this.#stallMs);
    }
    if (this.#queued >= HIGH_WATER_BYTES && !this.#dropping && !this.#paused) {
      this.#paused = true;
      this.#reactor.pause();
    }
  }

  #drain(): void {
    for (let head = this.#queue[0]; head !== undefined; head = this.#queue[0]) {
      const written = this.#try(head);
      if (this.#closed) return;
      this.#queued -= written;
      if (written > 0) this.#progressed();
      if (written < head.length) {
        this.#queue[0] = head.subarray(written);
        break;
      }
      this.#queue.shift();
    }
    if (this.#queued <= LOW_WATER_BYTES) this.#catchUp();
    if (this.#queued === 0) {
      this.#gaps = { told: 0, queued: 0 };
      this.#rest();
    }
  }

  /** The reader has nearly all of it: tell what it missed, and let more come. */
  #catchUp(): void {
    if (this.#lostLines > 0) this.#enqueue(this.#gapLine());
    this.#dropping = false;
    this.#unpause();
  }

  #gapLine(): Buffer {
    const count = this.#lostLines;
    this.#lostLines = 0;
    this.#gaps = { told: this.#gaps.told + count, queued: this.#gaps.queued + 1 };
    return Buffer.from(`… ${count} ${count === 1 ? "line" : "lines"} lost: the reader of stdout did not keep up\n`);
  }

  #progressed(): void {
    this.#progressAt = performance.now();
    if (this.#stall === undefined) this.#armStall(this.#stallMs);
  }

  #armStall(delayMs: number): void {
    this.#stall = setTimeout(() => {
      this.#drain();
      if (this.#queued === 0) return undefined;
      const quietMs = performance.now() - this.#progressAt;
      if (quietMs < this.#stallMs) return this.#armStall(this.#stallMs - quietMs);
      this.#stall = undefined;
      this.#dropping = true;
      this.#unpause();
      return this.#patient ? undefined : this.#settled?.();
    }, delayMs);
  }

  #try(bytes: Buffer): number {
    try {
      return this.#channel.write(bytes);
    } catch (error) {
      this.#close();
      // A terminal that was hung up says EIO; like a closed pipe it is gone, and nobody is left to tell.
      const gone = codeOf(error) === "EPIPE" || codeOf(error) === "EIO";
      this.#onClosed(gone ? undefined : error);
      return 0;
    }
  }

  #close(): void {
    this.#closed = true;
    this.#queue.length = 0;
    this.#queued = 0;
    this.#lostLines = 0;
    this.#gaps = { told: 0, queued: 0 };
    this.#unpause();
    this.#rest();
  }

  /** Nothing waits: no watch, no timer. */
  #rest(): void {
    this.#watch?.cancel();
    clearTimeout(this.#stall);
    this.#watch = undefined;
    this.#stall = undefined;
    this.#settled?.();
  }

  #unpause(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#reactor.resume();
  }
}
