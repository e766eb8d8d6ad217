import { closeSync, constants } from "node:fs";
import { GafferError } from "../base/gaffer-error.ts";
import type { SpawnRequest } from "../manager/process-host.ts";
import { streamVariables } from "../manager/stream-variables.ts";
import { openLog } from "../output/log-target.ts";
import { duplicate, libc, openSocketPair } from "./libc.ts";
import { makePipe, type Pipe } from "./pipe.ts";

/** What a child's descriptor is, as Bun's spawn takes it. */
export type Descriptor = "ignore" | number;

/** Our end of a custom stream, twice: one to read from and close, one to write to and close. */
export interface StreamEnds {
  readonly label: string;
  readonly readEnd: number;
  readonly writeEnd: number;
}

/** The descriptors made for one child, ours and its own, until the spawn has taken them. */
export class ChildStreams {
  /** The child's descriptors, from 0 on. */
  readonly stdio: [Descriptor, Descriptor, Descriptor, ...Descriptor[]];
  /** Variables that tell the child about them. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends to read from, by label. */
  readonly outputs: (readonly [label: string, fd: number])[] = [];
  readonly streams: StreamEnds[] = [];
  /** End to write stdin to. */
  readonly input: number | undefined;
  /** Descriptor that the trampoline reports on, in the child. */
  readonly report: number | undefined;
  /** End to read the report from. */
  readonly reportEnd: number | undefined;
  /** Why log files of a detached process could not be opened. */
  readonly unopened: GafferError[] = [];
  readonly #childEnds: number[] = [];
  /** All that was made, while nobody else has it. */
  readonly #made: number[] = [];

  /** @throws {@link GafferError} `resource_exhausted`, with nothing left open. */
  constructor(request: SpawnRequest, trampoline: boolean) {
    this.stdio = ["ignore", "ignore", "ignore"];
    try {
      // A terminal takes the place of all three; a detached process outlives whoever reads its pipes.
      const isPiped = request.terminal === undefined && !request.detach;
      if (request.detach) this.#openFiles(request);
      if (isPiped && request.input) this.input = this.#openInput();
      if (isPiped) this.#openOutputs(request.outputs);
      this.env = streamVariables(request.streams);
      for (const label of request.streams) this.stdio.push(this.#openStream(label));
      this.stdio.push(...request.channels);
      if (trampoline) {
        const { readEnd, writeEnd } = this.#pipe();
        this.reportEnd = readEnd;
        this.report = this.stdio.push(writeEnd) - 1;
        this.#childEnds.push(writeEnd);
      }
    } catch (error) {
      this.discard();
      throw error;
    }
  }

  #pipe(): Pipe {
    const pipe = makePipe();
    this.#made.push(pipe.readEnd, pipe.writeEnd);
    return pipe;
  }

  /** @returns the child's end */
  #openStream(label: string): number {
    const c = libc();
    const [readEnd, theirs] = (c === undefined ? undefined : openSocketPair(c)) ?? [];
    if (c === undefined || readEnd === undefined || theirs === undefined) throw noStream(label);
    this.#made.push(readEnd, theirs);
    const writeEnd = duplicate(c, readEnd);
    if (writeEnd === undefined) throw noStream(label);
    this.#made.push(writeEnd);
    this.#childEnds.push(theirs);
    this.streams.push({ label, readEnd, writeEnd });
    return theirs;
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

  /** stdout and stderr of a detached process are its log files; what has none, or one that can't be opened, is /dev/null. */
  #openFiles({ outputs: [out, err], logs }: SpawnRequest): void {
    const [outLog, errLog] = [out, err].map((label) => (label === undefined ? undefined : logs[label]?.path));
    if (outLog !== undefined) this.stdio[1] = this.#openFile(outLog);
    if (errLog !== undefined) this.stdio[2] = errLog === outLog ? this.stdio[1] : this.#openFile(errLog);
  }

  #openFile(path: string): Descriptor {
    try {
      const { fd, owned } = openLog(path);
      if (!owned) return fd;
      this.#made.push(fd);
      this.#childEnds.push(fd);
      // A fifo was not waited for; its writer must wait like any other.
      libc()?.fcntl(fd, F_SETFL, constants.O_APPEND);
      return fd;
    } catch (error) {
      this.unopened.push(new GafferError("state_unusable", `Cannot open log file "${path}": ${factOf(error)}`));
      return "ignore";
    }
  }

  #openOutput(label: string): number {
    const { readEnd, writeEnd } = this.#pipe();
    this.outputs.push([label, readEnd]);
    this.#childEnds.push(writeEnd);
    return writeEnd;
  }

  /** The child has its ends now: ours of them are closed, else no output would ever end. The others are their readers'. */
  handedOver(): void {
    this.#made.length = 0;
    for (const fd of this.#childEnds) closeSync(fd);
  }

  /** There is no child: everything is closed. */
  discard(): void {
    for (const fd of this.#made) closeSync(fd);
    this.#made.length = 0;
  }
}

const factOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const F_SETFL = 4;

const noStream = (label: string): GafferError =>
  new GafferError(
    "resource_exhausted",
    `Cannot open custom stream "${label}": gaffer has too many open files (raise its nofile limit)`,
  );
