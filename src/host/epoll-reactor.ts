import { ptr } from "bun:ffi";
import type { ByteSink } from "../output/byte-sink.ts";
import { EPOLLIN, EPOLLOUT, EpollSet } from "./epoll-set.ts";
import { errno, type Libc } from "./libc.ts";
import type { OutputReader, Reactor, WritableWatch } from "./reactor.ts";
import { onSigio } from "./sigio.ts";

const F_GETFL = 3;
const F_SETFL = 4;
const F_SETOWN = 8;
const O_NONBLOCK = 0o4000;
const O_ASYNC = 0o20000;
const EINTR = 4;
const EAGAIN = 11;

const F_SETPIPE_SZ = 1031;

/** What a pipe holds unless told otherwise (pipe(7)). */
const PIPE_BYTES = 65_536;
/** What one read takes at most: four such pipes, a quarter of a grown one; larger measured no faster. */
const BUFFER_BYTES = 262_144;
/** So many reads in a row found the pipe full: the writer waits for us, and a larger pipe saves both the wake-ups. */
const FULL_READS = 4;
/** The most a pipe may hold without privilege unless the machine says otherwise (pipe(7)). */
const GROWN_PIPE_BYTES = 262_144;
/** Pipes grown at a time: 4096 of the 16384 pages that all pipes of a user may have (pipe(7)). */
const GROWN_PIPES = 64;
/** Looks at the set before timers, sockets and HTTP get their turn. */
const LOOKS_A_TURN = 8;
/** The most a pipe can be made to hold (`/proc/sys/fs/pipe-max-size`): what is there now is never more. */
const DRAIN_BYTES = 1_048_576;
/** The longest a timer can wait, 2³¹−1 ms; it only keeps the event loop from ending while something is read. */
const FOREVER_MS = 2_147_483_647;

/** What one read gave: bytes, nothing for now, or the end. */
type Taken = number | "nothing" | "end";

interface Source {
  readonly token: number;
  readonly fd: number;
  readonly sink: ByteSink;
  readonly onEnd: () => void;
  /** Reads in a row that found the pipe full. */
  fullReads: number;
  grown: boolean;
}

/**
 * Reads children's outputs by an epoll of its own that SIGIO wakes: one buffer for all, nothing allocated per child or
 * chunk but a view, no timer, no thread.
 *
 * @remarks Level-triggered, and looked at in bounded turns, so that a firehose can't starve timers or sockets.
 */
export class EpollReactor implements Reactor {
  readonly #c: Libc;
  readonly #readable: EpollSet;
  readonly #writable: EpollSet;
  readonly #sources = new Map<number, Source>();
  readonly #watches = new Map<number, () => void>();
  readonly #buffer = Buffer.from(new ArrayBuffer(BUFFER_BYTES));
  readonly #bufferAt = ptr(this.#buffer);
  readonly #ignoreSigio: () => void;
  #lastToken = 0;
  #grownPipes = 0;
  #paused = false;
  #turnDue = false;
  #hold: NodeJS.Timeout | undefined;

  /** @throws {@link GafferError} `resource_exhausted` when the machine gives no further descriptor. */
  constructor(c: Libc) {
    this.#c = c;
    this.#readable = new EpollSet(c);
    this.#writable = new EpollSet(c);
    this.#ignoreSigio = onSigio(() => this.#wake());
  }

  /** How many outputs are being read. */
  get size(): number {
    return this.#sources.size;
  }

  read(fd: number, sink: ByteSink, onEnd: () => void): OutputReader {
    const source: Source = { token: this.#newToken(), fd, sink, onEnd, fullReads: 0, grown: false };
    this.#sources.set(source.token, source);
    this.#hold ??= setInterval(() => undefined, FOREVER_MS);
    const abandon = () => {
      if (this.#readAll(source)) this.#end(source);
    };
    // What can't be waited for (a regular file, a limit of the machine) is read as it is.
    if (this.#watch(this.#readable, source, EPOLLIN) === undefined) setImmediate(abandon);
    return { drain: () => void this.#readAll(source), abandon };
  }

  watchWritable(fd: number, callback: () => void): WritableWatch {
    const token = this.#newToken();
    this.#watches.set(token, callback);
    const flags = this.#watch(this.#writable, { token, fd }, EPOLLOUT);
    return {
      cancel: () => {
        if (!this.#watches.delete(token)) return;
        this.#writable.remove(fd);
        if (flags !== undefined) this.#c.fcntl(fd, F_SETFL, flags);
      },
    };
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#soon();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const source of this.#sources.values()) {
      if (this.#readAll(source)) this.#end(source);
    }
    this.#watches.clear();
    this.#ignoreSigio();
    this.#readable.close();
    this.#writable.close();
    await Promise.resolve();
  }

  /** @returns the descriptor's flags as they were; undefined when it can't be waited for. */
  #watch(set: EpollSet, { fd, token }: { fd: number; token: number }, events: number): number | undefined {
    const flags = this.#c.fcntl(fd, F_GETFL, 0);
    const reading = events === EPOLLIN ? O_NONBLOCK : 0;
    if (!set.add(fd, events, token)) return undefined;
    this.#c.fcntl(fd, F_SETOWN, process.pid);
    // Last: from here on signals come. What came before them is found by the look that `#soon` asks for.
    this.#c.fcntl(fd, F_SETFL, flags | reading | O_ASYNC);
    this.#soon();
    return flags;
  }

  #newToken(): number {
    do this.#lastToken = (this.#lastToken + 1) >>> 0;
    while (this.#lastToken === 0 || this.#sources.has(this.#lastToken) || this.#watches.has(this.#lastToken));
    return this.#lastToken;
  }

  #wake(): void {
    // A turn is due anyway: a storm of signals costs one look each turn, not one each signal.
    if (!this.#turnDue) this.#turn();
  }

  #soon(): void {
    if (this.#turnDue) return;
    this.#turnDue = true;
    setImmediate(() => {
      this.#turnDue = false;
      this.#turn();
    });
  }

  #turn(): void {
    let more = true;
    try {
      // Without asking first: a terminal sends its next SIGIO only after a write that it refused (n_tty.c), and the one
      // that woke us may have come before there was room.
      for (const tryWriting of this.#watches.values()) tryWriting();
      for (let look = 0; more && look < LOOKS_A_TURN; look++) more = this.#look();
    } finally {
      // Also when a sink threw: no further signal may come for what is still there.
      if (more) this.#soon();
    }
  }

  /** @returns whether something was there. */
  #look(): boolean {
    const written = this.#watches.size > 0 && this.#lookWritable();
    return (!this.#paused && this.#sources.size > 0 && this.#lookReadable()) || written;
  }

  #lookReadable(): boolean {
    const ready = this.#readable.poll();
    for (let i = 0; i < ready; i++) {
      const source = this.#sources.get(this.#readable.token(i));
      if (source !== undefined && this.#take(source) === "end") this.#end(source);
      if (this.#paused) break;
    }
    return ready > 0;
  }

  #lookWritable(): boolean {
    const ready = this.#writable.poll();
    for (let i = 0; i < ready; i++) this.#watches.get(this.#writable.token(i))?.();
    return ready > 0 && this.#watches.size > 0;
  }

  #take(source: Source): Taken {
    const count = this.#c.read(source.fd, this.#bufferAt, BUFFER_BYTES);
    if (count > 0) {
      if (count < PIPE_BYTES) source.fullReads = 0;
      else if (++source.fullReads === FULL_READS) this.#grow(source);
      source.sink.write(count === BUFFER_BYTES ? this.#buffer : this.#buffer.subarray(0, count));
      return count;
    }
    if (count === 0) return "end";
    const reason = errno(this.#c);
    // A pseudo-terminal whose last holder left says EIO; that is its end.
    return reason === EAGAIN || reason === EINTR ? "nothing" : "end";
  }

  #grow(source: Source): void {
    if (source.grown || this.#grownPipes >= GROWN_PIPES) return;
    if (this.#c.fcntl(source.fd, F_SETPIPE_SZ, GROWN_PIPE_BYTES) < 0) return;
    source.grown = true;
    this.#grownPipes++;
  }

  /** @returns whether the output is still open. */
  #readAll(source: Source): boolean {
    let taken: Taken = 0;
    for (let total = 0; this.#sources.has(source.token) && total < DRAIN_BYTES; total += taken) {
      taken = this.#take(source);
      if (taken === "nothing") return true;
      if (taken === "end") {
        this.#end(source);
        return false;
      }
    }
    return this.#sources.has(source.token);
  }

  #end(source: Source): void {
    if (!this.#sources.delete(source.token)) return;
    if (source.grown) this.#grownPipes--;
    this.#readable.remove(source.fd);
    this.#c.close(source.fd);
    if (this.#sources.size === 0) {
      clearInterval(this.#hold);
      this.#hold = undefined;
    }
    // In its own turn: the owner may ask for this end inside a call of its own.
    queueMicrotask(source.onEnd);
    source.sink.end();
  }
}
