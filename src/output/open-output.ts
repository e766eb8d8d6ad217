import type { ByteSink } from "./byte-sink.ts";
import type { OutputSource } from "./output-source.ts";

/** A consumer's end of one output. A {@link ByteSink} will do. */
export interface OutputSink {
  /**
   * Takes what was read; the bytes are valid only during the call.
   *
   * @param timeMs - when they were read, in milliseconds since 1970.
   */
  write(bytes: Uint8Array, timeMs: number): void;
  /** `lostBytes` of the stream are missing before what comes next. */
  gap?(lostBytes: number): void;
  /** Nothing follows. */
  end(): void;
}

/** What an {@link OpenOutput} is given by its hub. */
export interface OpenOutputOptions {
  keep(bytes: Uint8Array, timeMs: number): void;
  onEnd(): void;
  onError(error: unknown): void;
  now(): number;
}

/** One output while it is read: keeps what comes and hands it to all that follow. */
export class OpenOutput implements ByteSink {
  readonly source: OutputSource;
  readonly #hub: OpenOutputOptions;
  /** Replaced, never changed: it may be walked through while a sink attaches or detaches. */
  #sinks: readonly (readonly [follower: object, sink: OutputSink])[] = [];

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
    this.#hub.keep(bytes, timeMs);
    for (const [follower, sink] of this.#sinks) {
      try {
        sink.write(bytes, timeMs);
      } catch (error) {
        // One consumer's fault is not the others', nor the child's.
        this.detach(follower);
        this.#hub.onError(error);
      }
    }
  }

  end(): void {
    this.#hub.onEnd();
    const sinks = this.#sinks;
    this.#sinks = [];
    for (const [, sink] of sinks) {
      try {
        sink.end();
      } catch (error) {
        this.#hub.onError(error);
      }
    }
  }
}
