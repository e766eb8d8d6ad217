import { closeSync } from "node:fs";
import type { SpawnRequest } from "../manager/process-host.ts";
import { closePipes, makePipe, type Pipe } from "./pipe.ts";

/** What a child's descriptor is, as Bun's spawn takes it. */
export type Descriptor = "ignore" | "pipe" | number;

/** The variable that tells a child the number of a custom stream. */
const streamVariable = (label: string): string =>
  `GAFFER_STREAM_${label.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_")}_FD`;

/** The descriptors made for one child, ours and its own, until the spawn has taken them. */
export class ChildStreams {
  /** The child's descriptors, from 0 on. */
  readonly stdio: [Descriptor, Descriptor, Descriptor, ...Descriptor[]];
  /** Variables that tell the child about them. */
  readonly env: Record<string, string> = {};
  /** Ends to read from, by label. */
  readonly outputs: (readonly [label: string, fd: number])[] = [];
  /** End to write stdin to. */
  readonly input: number | undefined;
  /** Descriptor that the trampoline reports on, in the child. */
  readonly report: number | undefined;
  /** End to read the report from. */
  readonly reportEnd: number | undefined;
  readonly #childEnds: number[] = [];
  readonly #pipes: Pipe[] = [];

  /** @throws {@link GafferError} `resource_exhausted`, with nothing left open. */
  constructor(request: SpawnRequest, trampoline: boolean) {
    this.stdio = ["ignore", "ignore", "ignore"];
    try {
      // A terminal takes the place of all three.
      const isPiped = request.terminal === undefined;
      if (isPiped && request.input) this.input = this.#openInput();
      if (isPiped) this.#openOutputs(request.outputs);
      for (const label of request.streams) {
        this.env[streamVariable(label)] = String(this.stdio.length);
        this.stdio.push("pipe");
      }
      this.stdio.push(...request.channels);
      if (trampoline) {
        const { readEnd, writeEnd } = this.#pipe();
        this.reportEnd = readEnd;
        this.report = this.stdio.push(writeEnd) - 1;
        this.#childEnds.push(writeEnd);
      }
    } catch (error) {
      closePipes(this.#pipes);
      throw error;
    }
  }

  #pipe(): Pipe {
    const pipe = makePipe();
    this.#pipes.push(pipe);
    return pipe;
  }

  #openInput(): number {
    const { readEnd, writeEnd } = this.#pipe();
    this.stdio[0] = readEnd;
    this.#childEnds.push(readEnd);
    return writeEnd;
  }

  #openOutputs(labels: readonly string[]): void {
    const [out, err] = labels;
    if (out === undefined) return;
    this.stdio[1] = this.#openOutput(out);
    // One label for both is one pipe for both: that alone keeps their true order.
    if (err !== undefined) this.stdio[2] = err === out ? this.stdio[1] : this.#openOutput(err);
  }

  #openOutput(label: string): number {
    const { readEnd, writeEnd } = this.#pipe();
    this.outputs.push([label, readEnd]);
    this.#childEnds.push(writeEnd);
    return writeEnd;
  }

  /** The child has its ends now: ours of them are closed, else no output would ever end. */
  handedOver(): void {
    for (const fd of this.#childEnds) closeSync(fd);
  }

  /** There is no child: everything is closed. */
  discard(): void {
    closePipes(this.#pipes);
  }
}
