import { QUEUE_BYTES, type Socket, type SocketMessage, type SocketSession } from "./socket.ts";

/** The websocket that Bun gives. */
export type BunSocket = Pick<
  Bun.ServerWebSocket<unknown>,
  "send" | "close" | "pause" | "resume" | "getBufferedAmount" | "readyState"
>;

/** How long a reader may take nothing at all of what waits for it, in milliseconds; then it is told nothing more. */
export const STUCK_MS = 30_000;
/**
 * How long after that it may still read what waits for it, and learn that it was closed with {@link TOO_SLOW}, in milliseconds. Whoever is
 * closed by Bun while something waits learns it within seconds only.
 */
export const LINGER_MS = 120_000;
/** "Try again later": the reader took nothing for {@link STUCK_MS}. @see https://www.iana.org/assignments/websocket */
export const TOO_SLOW = 1013;
const SLOW = "the reader is too slow";
/** "Internal error": a bug of ours. */
const BROKEN = 1011;
const OPEN = 1;

/** What an {@link OpenSocket} is given by its registry. */
export interface OpenSocketOptions {
  onClosed(): void;
  /** Told of a bug. */
  onError(error: unknown): void;
}

/** Stands between a websocket of Bun's and its session: bounded both ways, one message at a time. */
export class OpenSocket implements Socket {
  readonly #session: SocketSession;
  readonly #options: OpenSocketOptions;
  #ws: BunSocket | undefined;
  #inbox: SocketMessage[] = [];
  /** The session has a message in its hands. */
  #isWorking = false;
  #isFull = false;
  #isPaused = false;
  /** Nothing more is told to the session. */
  #isOver = false;
  /** Nothing more is sent but the close frame, when its reader has made room for it. */
  #isLingering = false;
  #ending: { readonly code: number; readonly reason: string } | undefined;
  #timer: Timer | undefined;

  constructor(session: SocketSession, options: OpenSocketOptions) {
    this.#session = session;
    this.#options = options;
  }

  get buffered(): number {
    return this.#ws?.getBufferedAmount() ?? 0;
  }

  /** The handshake is done. */
  opened(ws: BunSocket): void {
    this.#ws = ws;
    this.#guard(() => this.#session.open(this));
    if (this.#ending !== undefined) this.#finish();
  }

  send(message: SocketMessage): "sent" | "full" {
    if (this.#isOver || this.#ws?.readyState !== OPEN) return "full";
    if (this.#ws.getBufferedAmount() > QUEUE_BYTES) {
      this.#fill();
      return "full";
    }
    this.#ws.send(message);
    return "sent";
  }

  close(code: number, reason: string): void {
    if (this.#isOver) return;
    // Bun would cut it at 123 bytes, in the middle of a character maybe.
    this.#ws?.close(code, cut(reason, 123));
    this.closed(code, reason);
  }

  /** What waits is too much: what it asks for is not heard until it has read, and it must read in time. */
  #fill(): void {
    this.#isFull = true;
    this.#pause();
    if (this.#timer === undefined) this.#watch(this.buffered);
  }

  #watch(before: number): void {
    this.#timer = setTimeout(() => {
      const now = this.buffered;
      if (now < before) this.#watch(now);
      else this.#giveUp();
    }, STUCK_MS);
  }

  #giveUp(): void {
    this.#isLingering = true;
    this.#endSession(TOO_SLOW, SLOW);
    this.#timer = setTimeout(() => this.#part(), LINGER_MS);
  }

  #part(): void {
    this.#ws?.close(TOO_SLOW, SLOW);
    this.closed(TOO_SLOW, SLOW);
  }

  #pause(): void {
    if (!this.#isPaused) this.#ws?.pause();
    this.#isPaused = true;
  }

  /** What waited for the reader has gone. */
  drained(): void {
    if (this.#isLingering) return this.#part();
    if (!this.#isFull || this.#isOver) return;
    this.#isFull = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#guard(() => this.#session.drain());
    if (this.#ending === undefined) void this.#work();
    else this.#finish();
  }

  /** A message came. */
  received(message: SocketMessage): void {
    if (this.#isOver || this.#ending !== undefined) return;
    this.#inbox.push(message);
    if (this.#isWorking || this.#isFull) this.#pause();
    else void this.#work();
  }

  async #work(): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    try {
      for (let next = this.#next(); next !== undefined; next = this.#next()) {
        const done = this.#session.message(next);
        // Most are done at once, and need no turn of their own.
        if (done !== undefined) await done;
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#isWorking = false;
    if (this.#ending !== undefined) this.#finish();
    else if (this.#isPaused && !this.#isFull && !this.#isOver) {
      this.#isPaused = false;
      this.#ws?.resume();
    }
  }

  #next(): SocketMessage | undefined {
    return this.#isFull || this.#isOver || this.#ending !== undefined ? undefined : this.#inbox.shift();
  }

  /** Closes it when the message in hand is answered and its session has said what it has; slow readers are waited for. */
  end(code: number, reason: string): void {
    this.#ending ??= { code, reason };
    if (this.#isLingering) this.#part();
    else if (this.#ws !== undefined && !this.#isWorking && !this.#isFull) this.#finish();
  }

  #finish(): void {
    if (this.#isOver || this.#isWorking || this.#isFull || this.#ending === undefined) return;
    this.#guard(() => this.#session.drain());
    if (!this.#isFull) this.close(this.#ending.code, this.#ending.reason);
  }

  /** It is closed, by whomever. */
  closed(code: number, reason: string): void {
    this.#isLingering = false;
    clearTimeout(this.#timer);
    this.#options.onClosed();
    this.#endSession(code, reason);
  }

  #endSession(code: number, reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#inbox = [];
    clearTimeout(this.#timer);
    this.#guard(() => this.#session.close(code, reason));
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#options.onError(error);
    this.close(BROKEN, "this is a bug in gaffer; its log says more");
  }
}

/** As much of a text as fits into so many bytes. */
function cut(text: string, bytes: number): string {
  let end = text.length;
  while (Buffer.byteLength(text.slice(0, end)) > bytes) end--;
  return text.slice(0, end);
}
