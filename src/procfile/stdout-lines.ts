import { constants, fstatSync, openSync, writeSync } from "node:fs";
import { waitWritable } from "../host/wait-writable.ts";
import type { LineWriter } from "../output/line-writer.ts";

/** What a {@link StdoutLines} works with. */
export interface StdoutLinesOptions {
  /** Descriptor to write to; never blocks when {@link openOwnStdout} made it. */
  readonly fd: number;
  /** Leaves the children's output unread, because the reader of ours is slow. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** Called once when the reader has gone, as `head` goes. */
  readonly onClosed: () => void;
  /** The line that tells of lost bytes. */
  readonly describeLoss: (bytes: number) => string;
  /** How long a reader may take nothing before the children go on without it, in milliseconds. @defaultValue `10_000` */
  readonly stallMs?: number;
}

/** Kept for a slow reader at most; more comes only from processes that end while it is slow. */
const mostQueuedBytes = 4 * 2 ** 20;
/** The event loop stands still no longer than this for one write. */
const patienceMs = 20;
const retryMs = 10;
/** How long the end waits for a reader that takes nothing. */
const lastStallMs = 1000;

/**
 * Our standard output. A slow reader slows the children down, and loses nothing; one that takes nothing for ten seconds
 * (a stopped terminal) stops holding them, and is told how much it lost when it reads again.
 */
export class StdoutLines implements LineWriter {
  readonly #options: StdoutLinesOptions;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #lostBytes = 0;
  #stalled = false;
  #closed = false;
  #progressAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #onEmpty: (() => void) | undefined;

  constructor(options: StdoutLinesOptions) {
    this.#options = options;
  }

  write(lines: Uint8Array): void {
    if (this.#closed) return;
    const written = this.#queue.length > 0 ? 0 : this.#writeWhilePatient(lines);
    if (written === lines.length || this.#closed) return;
    // Lines are lost whole: what is begun is finished, however long it is.
    const full = this.#queue.length > 0 && this.#queuedBytes + lines.length > mostQueuedBytes;
    if (this.#stalled || full) {
      this.#lostBytes += lines.length;
      return;
    }
    this.#queue.push(lines.slice(written));
    this.#queuedBytes += lines.length - written;
    if (this.#timer === undefined) this.#hold();
  }

  /** Waits until everything is written, unless the reader takes nothing for a second. */
  async end(): Promise<void> {
    if (this.#queue.length === 0 || this.#closed) return;
    this.#progressAt = performance.now();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onEmpty = resolve;
    await promise;
    clearTimeout(this.#timer);
  }

  #hold(): void {
    this.#progressAt = performance.now();
    this.#options.pause();
    this.#retryLater();
  }

  #retryLater(): void {
    this.#timer = setTimeout(() => this.#retry(), retryMs);
  }

  #retry(): void {
    this.#timer = undefined;
    this.#flush();
    if (this.#queue.length === 0) {
      if (!this.#stalled) this.#options.resume();
      this.#stalled = false;
      this.#onEmpty?.();
      return;
    }
    const idleMs = performance.now() - this.#progressAt;
    if (this.#onEmpty && idleMs > lastStallMs) return this.#onEmpty();
    if (!this.#stalled && idleMs > (this.#options.stallMs ?? 10_000)) {
      this.#stalled = true;
      this.#options.resume();
    }
    return this.#retryLater();
  }

  #flush(): void {
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      const written = this.#writeWhilePatient(next);
      if (this.#closed) return;
      this.#queuedBytes -= written;
      if (written > 0) this.#progressAt = performance.now();
      if (written < next.length) {
        this.#queue[0] = next.subarray(written);
        return;
      }
      this.#queue.shift();
      if (this.#queue.length === 0 && this.#lostBytes > 0) this.#tellLoss();
    }
  }

  #tellLoss(): void {
    const line = Buffer.from(`${this.#options.describeLoss(this.#lostBytes)}\n`);
    this.#lostBytes = 0;
    this.#queue.push(line);
    this.#queuedBytes += line.length;
  }

  /** Writes as much as the reader takes in a moment. */
  #writeWhilePatient(bytes: Uint8Array): number {
    let written = this.#writeSome(bytes);
    if (written === bytes.length) return written;
    const until = performance.now() + patienceMs;
    while (written < bytes.length && !this.#closed) {
      const left = until - performance.now();
      if (left <= 0 || !waitWritable(this.#options.fd, Math.ceil(left))) break;
      written += this.#writeSome(bytes.subarray(written));
    }
    return written;
  }

  #writeSome(bytes: Uint8Array): number {
    try {
      return writeSync(this.#options.fd, bytes);
    } catch (error) {
      const errno = error instanceof Error && "code" in error ? error.code : undefined;
      if (errno === "EAGAIN") return 0;
      // EPIPE: the reader has gone; EIO: the terminal has. Whatever else it is, nothing can be shown any more.
      this.#close();
      return 0;
    }
  }

  #close(): void {
    this.#closed = true;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#options.onClosed();
  }
}

/**
 * A descriptor for our stdout that does not block and is no one else's, so that a full pipe or a stopped terminal does not
 * keep us from hearing signals. Where that cannot be had, or a file can't be full anyway, stdout itself.
 */
export function openOwnStdout(): number {
  const stdout = 1;
  const kind = fstatSync(stdout);
  if (!kind.isFIFO() && !kind.isCharacterDevice()) return stdout;
  try {
    return openSync("/proc/self/fd/1", constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    // Another user's pipe or terminal (under su), or no /proc.
    if (error instanceof Error && "code" in error) return stdout;
    throw error;
  }
}
