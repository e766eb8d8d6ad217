import { closeSync } from "node:fs";
import type { ByteSink } from "../output/byte-sink.ts";
import type { OutputReader, Reactor, WritableWatch } from "./reactor.ts";

/** How often a full stdout is tried again; only while it is full, since there is nothing here that could tell. */
const RETRY_MS = 2;
/** The most a pipe can be made to hold (`/proc/sys/fs/pipe-max-size`): what is there now is never more. */
const DRAIN_BYTES = 1_048_576;
/** Turns of the event loop in which bytes that are there already are sure to arrive. */
const QUIET_TURNS = 3;

/** As much of Bun's reader as is used. */
interface Reader {
  read(): Promise<Result>;
  cancel(): Promise<void>;
}

type Result = { readonly done: false; readonly value: Uint8Array } | { readonly done: true };

/** Reads children's outputs by Bun's streams, where the C library can't be called. Costs more memory, does the same. */
export class StreamReactor implements Reactor {
  readonly #outputs = new Set<StreamOutput>();
  readonly #watches = new Set<WritableWatch>();
  readonly #gate = new Gate();

  /** How many outputs are being read. */
  get size(): number {
    return this.#outputs.size;
  }

  read(fd: number, sink: ByteSink, onEnd: () => void): OutputReader {
    const output = new StreamOutput(fd, sink, this.#gate);
    this.#outputs.add(output);
    void output.run().finally(() => {
      this.#outputs.delete(output);
      onEnd();
    });
    return output;
  }

  watchWritable(_fd: number, callback: () => void): WritableWatch {
    const timer = setInterval(callback, RETRY_MS);
    const watch = {
      cancel: () => {
        clearInterval(timer);
        this.#watches.delete(watch);
      },
    };
    this.#watches.add(watch);
    return watch;
  }

  pause(): void {
    this.#gate.close();
  }

  resume(): void {
    this.#gate.open();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const watch of this.#watches) watch.cancel();
    const ends = [...this.#outputs].map((output) => output.ended);
    for (const output of this.#outputs) output.abandon();
    await Promise.all(ends);
  }
}

/** What readers pass before each read. */
class Gate {
  #shut: PromiseWithResolvers<void> | undefined;

  close(): void {
    this.#shut ??= Promise.withResolvers();
  }

  open(): void {
    this.#shut?.resolve();
    this.#shut = undefined;
  }

  /** Undefined when it stands open. */
  get opened(): Promise<void> | undefined {
    return this.#shut?.promise;
  }
}

class StreamOutput implements OutputReader {
  readonly #fd: number;
  readonly #sink: ByteSink;
  readonly #gate: Gate;
  readonly #finished = Promise.withResolvers<void>();
  readonly #abandoned = Promise.withResolvers<"abandoned">();
  #hurried = Promise.withResolvers<void>();
  #bytesUngated = 0;

  constructor(fd: number, sink: ByteSink, gate: Gate) {
    this.#fd = fd;
    this.#sink = sink;
    this.#gate = gate;
  }

  /** Settles when all was read and told. */
  get ended(): Promise<void> {
    return this.#finished.promise;
  }

  drain(): void {
    this.#bytesUngated = DRAIN_BYTES;
    this.#hurried.resolve();
    this.#hurried = Promise.withResolvers();
  }

  abandon(): void {
    this.drain();
    this.#abandoned.resolve("abandoned");
  }

  async run(): Promise<void> {
    const reader = Bun.file(this.#fd).stream().getReader();
    try {
      await this.#readAll(reader);
    } finally {
      // Bun leaves a descriptor that it was given open, at the end and after a cancel.
      await reader.cancel();
      closeSync(this.#fd);
      this.#sink.end();
      this.#finished.resolve();
    }
  }

  async #readAll(reader: Reader): Promise<void> {
    for (;;) {
      await this.#pass();
      const next = reader.read();
      const first = await Promise.race([next, this.#abandoned.promise]);
      if (first === "abandoned") return await this.#readRest(reader, next);
      if (!this.#take(first)) return undefined;
    }
  }

  async #pass(): Promise<void> {
    while (this.#bytesUngated <= 0 && this.#gate.opened !== undefined) {
      await Promise.race([this.#gate.opened, this.#hurried.promise]);
    }
  }

  async #readRest(reader: Reader, pending: Promise<Result>): Promise<void> {
    let next = pending;
    while (this.#bytesUngated > 0) {
      const first = await Promise.race([next, quiet()]);
      if (first === "quiet" || !this.#take(first)) return;
      next = reader.read();
    }
  }

  /** @returns whether more may follow. */
  #take(result: Result): boolean {
    if (result.done) return false;
    this.#bytesUngated = Math.max(0, this.#bytesUngated - result.value.length);
    this.#sink.write(result.value);
    return true;
  }
}

async function quiet(): Promise<"quiet"> {
  for (let turn = 0; turn < QUIET_TURNS; turn++) await new Promise(setImmediate);
  return "quiet";
}
