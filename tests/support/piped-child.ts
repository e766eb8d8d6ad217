import { closeSync } from "node:fs";
import { libc, openPipe } from "../../src/host/libc.ts";
import type { OutputReader, Reactor } from "../../src/host/reactor.ts";
import { CollectedSink } from "./collected-sink.ts";

/** A real child whose stdout and stderr are one real pipe, read by a reactor. */
export class PipedChild {
  readonly sink: CollectedSink = new CollectedSink();
  readonly reader: OutputReader;
  readonly child: Bun.Subprocess;
  readonly #ended = Promise.withResolvers<void>();
  onEnds = 0;

  constructor(reactor: Reactor, argv: readonly string[]) {
    const [readEnd, writeEnd] = pipe();
    this.child = Bun.spawn([...argv], { stdio: ["ignore", writeEnd, writeEnd] });
    closeSync(writeEnd);
    this.reader = reactor.read(readEnd, this.sink, () => {
      this.onEnds++;
      this.#ended.resolve();
    });
  }

  /** Settles when the output was read to its end. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }
}

/** A pipe for a test; a machine without one fails it. */
export function pipe(): readonly [readEnd: number, writeEnd: number] {
  const c = libc();
  const ends = c === undefined ? undefined : openPipe(c);
  if (ends === undefined) throw new Error("no pipe to be had");
  return ends;
}
