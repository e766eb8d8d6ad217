import { chownSync, readlinkSync } from "node:fs";
import { GafferError } from "../base/gaffer-error.ts";
import type { ByteSink } from "../output/byte-sink.ts";
import { INPUT_LIMIT } from "./input-pipe.ts";

/** Size of a terminal, in characters. */
export interface TerminalSize {
  readonly cols: number;
  readonly rows: number;
}

/** The terminal of one child: its only output, and its input. */
export class TerminalChannel {
  readonly options: Bun.TerminalOptions;
  readonly #sink: ByteSink;
  readonly #name: string;
  #terminal: Bun.Terminal | undefined;
  #onEnd: (() => void) | undefined;
  #queued = 0;
  #isEnded = false;

  /** @param name - what errors call it: `terminal of "default.web.1"`. */
  constructor(size: TerminalSize, sink: ByteSink, name: string) {
    this.#sink = sink;
    this.#name = name;
    this.options = {
      ...size,
      data: (_, bytes) => {
        if (!this.#isEnded) sink.write(bytes);
      },
      drain: () => {
        this.#queued = 0;
      },
      exit: () => this.end(),
    };
  }

  /** @param onEnd - called once, when the last byte was read or {@link end} was called. */
  attach(terminal: Bun.Terminal | undefined, onEnd: () => void): void {
    this.#terminal = terminal;
    this.#onEnd = onEnd;
  }

  /** Lets the user the child runs as open its terminal by name. */
  static chown(pid: number, uid: number): void {
    try {
      chownSync(readlinkSync(`/proc/${pid}/fd/0`), uid, -1);
    } catch {
      // It has ended, or closed its terminal: nobody is left who would open it.
      return;
    }
  }

  /** @throws {@link GafferError} `input_full`, `input_closed`. */
  write(bytes: Uint8Array): void {
    const terminal = this.#terminal;
    if (terminal === undefined || terminal.closed) throw this.#error("input_closed", "it is closed");
    if (this.#queued + bytes.length > INPUT_LIMIT) throw this.#error("input_full", "the child does not read");
    this.#queued += bytes.length;
    terminal.write(bytes);
  }

  #error(code: "input_closed" | "input_full", fact: string): GafferError {
    return new GafferError(code, `Cannot write to ${this.#name}: ${fact}`);
  }

  /** Types the end-of-file character, ^D. */
  endInput(): void {
    if (this.#terminal?.closed === false) this.#terminal.write("\u0004");
  }

  resize({ cols, rows }: TerminalSize): void {
    if (this.#terminal?.closed === false) this.#terminal.resize(cols, rows);
  }

  /** Closes it; harmless when already closed. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#terminal?.close();
    this.#sink.end();
    this.#onEnd?.();
  }
}
