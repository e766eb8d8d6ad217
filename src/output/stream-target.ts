import { closeSync, type Stats, writeSync } from "node:fs";
import type { LogTarget, Written } from "./log-target.ts";
import { systemCode } from "./log-problem.ts";

/** From here on what comes is dropped: a reader that lags behind by less loses nothing … */
const HIGH_WATER_BYTES = 1_048_576;
/** … until this little is left. */
const LOW_WATER_BYTES = 262_144;
/** Between two tries to write what waits, only while something does: a pipe of 64 KiB then carries 6 MiB a second … */
const RETRY_MS = 10;
/** … and the longest, for a reader that takes nothing. */
const SLOWEST_RETRY_MS = 1000;

/** Settings of {@link StreamTarget}. */
export interface StreamTargetOptions {
  readonly fd: number;
  /** Whether the descriptor is closed with it. */
  readonly owned: boolean;
  readonly stat: Stats;
  /** Told of bytes that were taken and could not be written after all. */
  readonly onLost: (lostBytes: number, code: string) => void;
  /** Nothing waits any more. */
  readonly onDrained: () => void;
}

/** A log that is no regular file: a fifo, a terminal, `/dev/stdout`. Its reader may lag behind; we never wait for it. */
export class StreamTarget implements LogTarget {
  readonly stat: Stats;
  readonly rotatable = false;
  readonly #options: StreamTargetOptions;
  readonly #pending: Buffer[] = [];
  #pendingBytes = 0;
  #full = false;
  #closed = false;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = RETRY_MS;

  constructor(options: StreamTargetOptions) {
    this.#options = options;
    this.stat = options.stat;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  write(bytes: Buffer): Written {
    if (this.#pendingBytes > 0) this.#drain();
    if (this.#full || this.#closed) return { count: 0, code: "EAGAIN" };
    const { count, code } = this.#pendingBytes === 0 ? this.#try(bytes) : { count: 0 };
    if (code !== undefined) return { count, code };
    if (count < bytes.length) this.#keep(bytes.subarray(count));
    return { count: bytes.length };
  }

  close(): void {
    if (this.#closed) return;
    this.#drain();
    this.#closed = true;
    this.#forget("EAGAIN");
    if (this.#options.owned) closeSync(this.#options.fd);
  }

  #keep(rest: Buffer): void {
    this.#pending.push(Buffer.from(rest));
    this.#pendingBytes += rest.length;
    this.#full = this.#pendingBytes >= HIGH_WATER_BYTES;
    if (this.#retry === undefined) this.#retryLater();
  }

  #retryLater(): void {
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      const before = this.#pendingBytes;
      this.#drain();
      if (this.#pendingBytes === 0) return this.#options.onDrained();
      this.#retryMs = this.#pendingBytes < before ? RETRY_MS : Math.min(2 * this.#retryMs, SLOWEST_RETRY_MS);
      return this.#retryLater();
    }, this.#retryMs);
  }

  #drain(): void {
    for (let head = this.#pending[0]; head !== undefined; head = this.#pending[0]) {
      const { count, code } = this.#try(head);
      this.#pendingBytes -= count;
      if (code !== undefined) return this.#forget(code);
      if (count < head.length) {
        this.#pending[0] = head.subarray(count);
        break;
      }
      this.#pending.shift();
    }
    if (this.#pendingBytes <= LOW_WATER_BYTES) this.#full = false;
    if (this.#pendingBytes === 0) this.#rest();
    return undefined;
  }

  /** What waits will never be written. */
  #forget(code: string): void {
    const lost = this.#pendingBytes;
    this.#pending.length = 0;
    this.#pendingBytes = 0;
    this.#full = false;
    this.#rest();
    if (lost > 0) this.#options.onLost(lost, code);
  }

  #rest(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#retryMs = RETRY_MS;
  }

  #try(bytes: Buffer): Written {
    let count = 0;
    while (count < bytes.length) {
      try {
        const written = writeSync(this.#options.fd, bytes, count, bytes.length - count);
        if (written === 0) break;
        count += written;
      } catch (error) {
        const code = systemCode(error);
        return code === "EAGAIN" ? { count } : { count, code };
      }
    }
    return { count };
  }
}
