import type { Caller } from "../base/caller.ts";

/** How a source tells its feed. */
export interface FeedSignals {
  /** {@link FeedSource.next} may have more. */
  readonly wake: () => void;
  /** Nothing follows what it has. */
  readonly end: () => void;
}

/** What a feed sends: an endless answer that is made as fast as its reader takes it. */
export interface FeedSource {
  /** Called once, when somebody reads. */
  open(signals: FeedSignals): void;
  /** The next piece; undefined = nothing now. */
  next(): string | Uint8Array | undefined;
  /** Nobody reads any more. */
  close(): void;
}

/** How a feed is sent. */
export interface FeedOptions {
  readonly contentType: string;
  /**
   * Sent first of all: without a byte of the body, Bun keeps the end of the head back, and a reader would wait for its answer until
   * something happens. @defaultValue nothing is
   */
  readonly greeting?: string;
  /** What is sent when nothing else was for {@link heartbeatMs}. @defaultValue nothing is */
  readonly heartbeat?: string;
  /** @defaultValue 15 seconds */
  readonly heartbeatMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Proxies give a silent connection half a minute at least. @see nginx `proxy_read_timeout`, 60 s */
const HEARTBEAT_MS = 15_000;

/** The feeds of a server: all are ended when it stops. */
export class Feeds {
  readonly #open = new Set<OpenFeed>();
  #ended = false;

  /** How many are read now. */
  get count(): number {
    return this.#open.size;
  }

  /** The answer that a feed is; it ends when the key of its reader is taken back. */
  respond(source: FeedSource, caller: Caller, options: FeedOptions): Response {
    const feed = new OpenFeed(source, options, () => {
      this.#open.delete(feed);
      stopWatching?.();
    });
    const stopWatching = caller.onRevoked?.(() => feed.cut());
    this.#open.add(feed);
    if (this.#ended) feed.end();
    const headers = { "content-type": options.contentType, "cache-control": "no-store", ...options.headers };
    return new Response(feed.stream, { headers });
  }

  /** Ends every feed after what it has, those that are opened from now on, too. */
  end(): void {
    this.#ended = true;
    for (const feed of this.#open) feed.end();
  }
}

class OpenFeed {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #source: FeedSource;
  readonly #options: FeedOptions;
  readonly #onClosed: () => void;
  readonly #encoder = new TextEncoder();
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #wanted: (() => void) | undefined;
  #greeting: string | undefined;
  #ended = false;
  #closed = false;
  #timer: Timer | undefined;

  constructor(source: FeedSource, options: FeedOptions, onClosed: () => void) {
    this.#source = source;
    this.#options = options;
    this.#greeting = options.greeting;
    this.#onClosed = onClosed;
    // Nothing is made ahead: what waits is in the source, which knows how much it may hold.
    const strategy = { highWaterMark: 0 };
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
          this.#open();
        },
        pull: () => this.#pull(),
        cancel: () => this.#close(),
      },
      strategy,
    );
  }

  #open(): void {
    this.#source.open({ wake: () => this.#wake(), end: () => this.end() });
    const { heartbeat, heartbeatMs = HEARTBEAT_MS } = this.#options;
    if (heartbeat === undefined) return;
    this.#timer = setInterval(() => this.#beat(heartbeat), heartbeatMs);
  }

  /** Sent only to a reader that waits: one that has not taken the last needs none. */
  #beat(heartbeat: string): void {
    if (this.#wanted !== undefined) this.#send(heartbeat);
  }

  #send(piece: string | Uint8Array): void {
    this.#controller?.enqueue(typeof piece === "string" ? this.#encoder.encode(piece) : piece);
    this.#wanted?.();
    this.#wanted = undefined;
  }

  #pull(): Promise<void> | undefined {
    const greeting = this.#greeting;
    this.#greeting = undefined;
    if (greeting !== undefined) this.#send(greeting);
    if (greeting !== undefined || this.#deliver()) return undefined;
    return new Promise((resolve) => {
      this.#wanted = resolve;
    });
  }

  /** @returns whether there was anything to tell the reader. */
  #deliver(): boolean {
    const piece = this.#closed ? undefined : this.#source.next();
    if (piece !== undefined) this.#send(piece);
    else if (this.#ended && !this.#closed) {
      this.#close();
      this.#controller?.close();
    } else return this.#closed;
    return true;
  }

  #wake(): void {
    if (this.#wanted !== undefined) this.#deliver();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Ends it at once: who may not read any more is told nothing of what waits. */
  cut(): void {
    if (this.#closed) return;
    this.#close();
    this.#controller?.close();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    this.#wanted?.();
    this.#wanted = undefined;
    this.#source.close();
    this.#onClosed();
  }
}
