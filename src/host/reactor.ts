import type { ByteSink } from "../output/byte-sink.ts";

/** One output being read. */
export interface OutputReader {
  /** Reads what is there until nothing more is, and goes on waiting. Used when the writer has just died. */
  drain(): void;
  /** Reads what is there, then closes the descriptor; `onEnd` follows. Harmless when already ended. */
  abandon(): void;
}

/** A wait for room in a descriptor. */
export interface WritableWatch {
  /** Ends the wait; the callback is never called again. */
  cancel(): void;
}

/** Reads every output of every child; the one place that waits for descriptors. */
export interface Reactor extends AsyncDisposable {
  /**
   * Reads `fd` to its end into `sink`, and owns the descriptor from here on.
   *
   * @param onEnd - called once, after `sink.end()`, when the output has ended or was abandoned. Never inside this call.
   */
  read(fd: number, sink: ByteSink, onEnd: () => void): OutputReader;
  /**
   * Calls back each time `fd` may have room, until cancelled; never inside this call. The descriptor stays the caller's,
   * and must stay open until {@link WritableWatch.cancel}.
   */
  watchWritable(fd: number, callback: () => void): WritableWatch;
  /** Leaves every output unread (children then wait in write(2)) until {@link resume}. */
  pause(): void;
  resume(): void;
}
