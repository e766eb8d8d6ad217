import type { ByteSink } from "./byte-sink.ts";
import type { OutputSource } from "./output-source.ts";

const NEWLINE = 10;

/** A consumer's end of one output. A {@link ByteSink} will do. */
export interface OutputSink {
  /**
   * Takes what was read; the bytes are valid only during the call.
   *
   * @param timeMs - when they were read, in milliseconds since 1970.
   * @param position - how many bytes all streams together had said before.
   */
  write(bytes: Uint8Array, timeMs: number, position: number): void;
  /**
   * `lostBytes` of the stream are missing before what comes next.
   *
   * @param position - where the last of them ended.
   */
  gap?(lostBytes: number, position: number): void;
  /** Nothing follows. @param position - where that became known. */
  end(position: number): void;
}

/** What an {@link OpenOutput} is given by its hub. */
export interface OpenOutputOptions {
  /** @returns how many bytes all streams together had said before */
  keep(bytes: Uint8Array, timeMs: number): number;
  /** @returns how many bytes all streams together have said */
  onEnd(): number;
  onError(error: unknown): void;
  now(): number;
}

/** One output while it is read: keeps what comes and hands it to all that follow. */
export class OpenOutput implements ByteSink {
  readonly source: OutputSource;
  readonly #hub: OpenOutputOptions;
  /** Replaced, never changed: it may be walked through while a sink attaches or detaches. */
  #sinks: readonly (readonly [follower: object, sink: OutputSink])[] = [];
  #lastByte = NEWLINE;

  constructor(source: OutputSource, hub: OpenOutputOptions) {
    this.source = source;
    this.#hub = hub;
  }

  attach(follower: object, sink: OutputSink | undefined): void {
    if (sink !== undefined) this.#sinks = [...this.#sinks, [follower, sink]];
  }

  detach(follower: object): void {
    this.#sinks = this.#sinks.filter(([owner]) => owner !== follower);
  }

  write(bytes: Uint8Array): void {
    const timeMs = this.#hub.now();
    const position = this.#hub.keep(bytes, timeMs);
    this.#lastByte = bytes.at(-1) ?? this.#lastByte;
    for (const [follower, sink] of this.#sinks) {
      try {
        sink.write(bytes, timeMs, position);
      } catch (error) {
        // One consumer's fault is not the others', nor the child's.
        this.detach(follower);
        this.#hub.onError(error);
      }
    }
  }

  end(): void {
    // The end of a last line is a place of its own: whoever heard the line and not its end has not heard it.
    if (this.#lastByte !== NEWLINE) this.#hub.keep(Uint8Array.of(NEWLINE), this.#hub.now());
    const position = this.#hub.onEnd();
    const sinks = this.#sinks;
    this.#sinks = [];
    for (const [, sink] of sinks) {
      try {
        sink.end(position);
      } catch (error) {
        this.#hub.onError(error);
      }
    }
  }
}
