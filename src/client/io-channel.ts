import { type ErrorCode, GafferError } from "../base/gaffer-error.ts";
import {
  decodeIoFrame,
  encodeIoFrame,
  FRAME_ERROR,
  FRAME_GAP,
  FRAME_MESSAGE,
  FRAME_RESPONSE,
  type IoFrame,
  textOf,
} from "../wire/io-frame.ts";
import { AwaitedAnswers } from "./awaited-answers.ts";
import { type DaemonClient, pathOf } from "./daemon-client.ts";
import { closeWebSocket, type SocketEnd } from "./open-web-socket.ts";
import { jsonFields, refusedWith } from "./refusal.ts";

/** How a process is connected to. */
export interface IOChannelOptions {
  /** @defaultValue `"both"` */
  readonly mode?: "read" | "write" | "both";
  /** Label of an output, or of a custom stream. @defaultValue the first output, and stdin */
  readonly stream?: string | undefined;
  /** Output is missing here: so many bytes, undefined = nobody can know. */
  readonly onGap?: (missed: number | undefined) => void;
}

/** Bits of `mode`. @see gaffer 0.5 `gaffer/gafferd/http_handlers/stream.py` */
const MODES = { read: 1, write: 2, both: 3 } as const;

/** Most output that waits for a slow walk, in bytes: a websocket can't be told to pause. */
const LIMIT_BYTES = 16_777_216;

/** What the words of gaffer 0.5 are to us, where a frame does not say it itself. */
const codes: Readonly<Record<string, ErrorCode>> = { ENOENT: "process_not_found", EIO: "input_closed" };

const NORMAL: SocketEnd = { code: 1000, reason: "" };
const encoder = new TextEncoder();

/**
 * Input and output of one process as one connection: walked by `for await`, or listened to.
 *
 * @remarks What comes before anybody reads is kept, 16 MiB at most: a reader slower than that is ended with `resource_exhausted`. To read
 * at one's own pace there is {@link RemoteProcess.read}.
 * @see gaffer 0.5 `gaffer/httpclient/websocket.py` `IOChannel`
 */
export class IOChannel implements AsyncIterable<Uint8Array>, AsyncDisposable {
  readonly #options: IOChannelOptions;
  readonly #answers = new AwaitedAnswers<void>();
  readonly #ended = Promise.withResolvers<SocketEnd>();
  #socket: WebSocket | undefined;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #listener: ((data: Uint8Array) => void) | undefined;
  #wake: (() => void) | undefined;
  #end: SocketEnd | undefined;
  #error: GafferError | undefined;
  #nextId = 1;

  private constructor(options: IOChannelOptions) {
    this.#options = options;
  }

  /**
   * Connects. What a daemon refuses once it is connected (`process_not_found`, `forbidden` …) is thrown by the first write and the walk.
   *
   * @throws {@link GafferError} `daemon_unreachable`, `unauthorized`, `forbidden`
   */
  static async open(client: DaemonClient, pid: number, options: IOChannelOptions = {}): Promise<IOChannel> {
    const channel = new IOChannel(options);
    const { mode = "both", stream } = options;
    const path = stream === undefined ? pathOf(pid, "channel") : pathOf(pid, "channel", stream);
    channel.#socket = await client.openSocket(`${path}?mode=${MODES[mode]}&binary=1`, {
      onMessage: (data) => channel.#take(data),
      onClose: (end) => channel.#close(end),
    });
    return channel;
  }

  /** How it ended, once it has. */
  get closed(): Promise<SocketEnd> {
    return this.#ended.promise;
  }

  /**
   * Writes: all of it, or nothing.
   *
   * @throws {@link GafferError} `forbidden` if it was not opened for writing, `input_full`, `input_closed` …
   */
  async write(data: string | Uint8Array): Promise<void> {
    const id = String(this.#nextId++);
    const body = typeof data === "string" ? encoder.encode(data) : data;
    await this.#answers.wait(id, () => {
      if (this.#end !== undefined) throw lost(this.#end);
      this.#socket?.send(encodeIoFrame({ type: FRAME_MESSAGE, id, body }));
    });
  }

  /** Calls it with what the process says: first with what has come already. */
  startRead(listener: (data: Uint8Array) => void): void {
    this.#listener = listener;
    for (const data of this.#takeQueue()) listener(data);
  }

  /** Calls it no more; what comes is kept. */
  stopRead(): void {
    this.#listener = undefined;
  }

  /** What the process says, until it has ended. @throws {@link GafferError} what it ended with, if that was no end in order */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      yield* this.#takeQueue();
      if (this.#queue.length > 0) continue;
      if (this.#error !== undefined) throw this.#error;
      if (this.#end !== undefined) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }

  #takeQueue(): Uint8Array[] {
    const queue = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    return queue;
  }

  #take(data: string | Uint8Array): void {
    const frame = decodeIoFrame(data);
    if (frame === undefined) return;
    switch (frame.type) {
      case FRAME_MESSAGE:
        return this.#output(frame.body);
      case FRAME_RESPONSE:
        return this.#answers.resolve(frame.id, undefined);
      case FRAME_ERROR:
        return this.#refused(frame);
      case FRAME_GAP:
        return this.#gap(frame);
      default:
        return undefined;
    }
  }

  #output(data: Uint8Array): void {
    if (this.#listener !== undefined) return this.#listener(data);
    this.#queue.push(data);
    this.#queuedBytes += data.length;
    if (this.#queuedBytes > LIMIT_BYTES) {
      this.#error = new GafferError(
        "resource_exhausted",
        `Cannot go on reading: ${this.#queuedBytes} bytes of output wait for their reader`,
      );
      if (this.#socket !== undefined) closeWebSocket(this.#socket, { code: 3008, reason: "the reader was too slow" });
    }
    this.#wake?.();
    return undefined;
  }

  #gap({ body }: IoFrame): void {
    const { missed } = jsonFields(textOf(body) ?? "");
    this.#options.onGap?.(typeof missed === "number" ? missed : undefined);
  }

  #refused({ id, body }: IoFrame): void {
    const { error: word, ...fields } = jsonFields(textOf(body) ?? "");
    const code = typeof word === "string" ? codes[word] : undefined;
    const message = `The daemon refused it: ${String(word)}`;
    const error = refusedWith({ code, ...fields }, { status: 400, message });
    // One that answers nothing tells why the connection ends.
    if (!this.#answers.reject(id, error)) this.#error = error;
  }

  #close(end: SocketEnd): void {
    this.#end = end;
    if (end.code !== 1000 && end.code !== 1001) this.#error ??= lost(end);
    this.#answers.rejectAll(this.#error ?? lost(end));
    this.#wake?.();
    this.#ended.resolve(end);
  }

  /** Closes it; the process goes on. */
  async close(): Promise<void> {
    if (this.#end === undefined && this.#socket !== undefined) closeWebSocket(this.#socket, NORMAL);
    await this.#ended.promise;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

const lost = ({ code, reason }: SocketEnd): GafferError =>
  new GafferError(
    "daemon_unreachable",
    `Cannot go on: the connection was closed (${code}${reason === "" ? "" : `: ${reason}`})`,
  );
