import { closeSync, writeSync } from "node:fs";
import { GafferError } from "../base/gaffer-error.ts";
import { libc } from "./libc.ts";
import type { Reactor, WritableWatch } from "./reactor.ts";

/** The most that waits for a child which does not read, in bytes. */
export const INPUT_LIMIT = 1_048_576;

const F_SETFL = 4;
const O_NONBLOCK = 0o4000;

/** What a child reads from, shared by many writers: each write is whole or refused, and none waits. */
export class InputPipe {
  readonly #fd: number;
  readonly #reactor: Reactor;
  readonly #name: string;
  #queue: Uint8Array[] = [];
  #queued = 0;
  #watch: WritableWatch | undefined;
  #ending = false;
  #closed = false;

  /** @param fd - the end to write to, owned from here on. @param name - for errors. */
  constructor(fd: number, reactor: Reactor, name: string) {
    this.#fd = fd;
    this.#reactor = reactor;
    this.#name = name;
    libc()?.fcntl(fd, F_SETFL, O_NONBLOCK);
  }

  /** @throws {@link GafferError} `input_closed`, `input_full` */
  write(bytes: Uint8Array): void {
    if (this.#closed || this.#ending) throw this.#closedError();
    if (this.#queued + bytes.length > INPUT_LIMIT) {
      const fact = `${this.#queued} bytes wait for it already, and ${INPUT_LIMIT} is the limit`;
      throw new GafferError("input_full", `Cannot write ${bytes.length} bytes to ${this.#name}: ${fact}`);
    }
    // A copy: the writer may use its buffer again (and slice() of a Buffer would be none).
    this.#queue.push(new Uint8Array(bytes));
    this.#queued += bytes.length;
    if (this.#watch === undefined) this.#flush();
    // The reader was found gone just now.
    if (this.#closed) throw this.#closedError();
  }

  #closedError(): GafferError {
    return new GafferError("input_closed", `Cannot write to ${this.#name}: it is closed`);
  }

  /** Closes it once everything queued is written. */
  end(): void {
    this.#ending = true;
    if (this.#queue.length === 0) this.close();
  }

  #flush(): void {
    for (let next = this.#queue[0]; next !== undefined && !this.#closed; next = this.#queue[0]) {
      const written = this.#try(next);
      if (written === undefined) return;
      this.#queued -= written;
      if (written === next.length) this.#queue.shift();
      else this.#queue[0] = next.subarray(written);
    }
    this.#watch?.cancel();
    this.#watch = undefined;
    if (this.#ending) this.close();
  }

  /** @returns bytes written; undefined when it is full, or closed by its reader. */
  #try(bytes: Uint8Array): number | undefined {
    try {
      return writeSync(this.#fd, bytes);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "EAGAIN") this.#watch ??= this.#reactor.watchWritable(this.#fd, () => this.#flush());
      else this.close();
      return undefined;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue = [];
    this.#queued = 0;
    this.#watch?.cancel();
    closeSync(this.#fd);
  }
}
