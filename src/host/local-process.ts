import { constants as osConstants } from "node:os";
import { GafferError } from "../base/gaffer-error.ts";
import type { ExitStatus } from "../manager/exit-status.ts";
import type { HostProcess, ProcessObserver, SpawnRequest } from "../manager/process-host.ts";
import type { ByteSink } from "../output/byte-sink.ts";
import type { InputPipe } from "./input-pipe.ts";
import { type ProcessTree, sendSignal } from "./process-tree.ts";
import type { OutputReader, Reactor } from "./reactor.ts";
import type { TerminalChannel, TerminalSize } from "./terminal-channel.ts";

const SIGKILL = 9;
const signalNumbers: Readonly<Record<string, number>> = osConstants.signals;

/** What a child is given beside what was asked of it. */
export interface LocalProcessOptions {
  readonly observer: ProcessObserver;
  readonly tree: ProcessTree;
  readonly reactor: Reactor;
  /** Whether a leader just found dead by SIGKILL was killed by the kernel for want of memory. */
  wasOutOfMemory(osPid: number): boolean;
}

/** One child and all that hangs on it: tells its observer what becomes of it, in the order promised. */
export class LocalProcess implements HostProcess {
  readonly #observer: ProcessObserver;
  readonly #tree: ProcessTree;
  readonly #reactor: Reactor;
  readonly #request: SpawnRequest;
  readonly #wasOutOfMemory: (osPid: number) => boolean;
  readonly #readers: OutputReader[] = [];
  readonly #inputs = new Map<string | undefined, InputPipe>();
  #terminal: TerminalChannel | undefined;
  #osPid: number | undefined;
  #reading = 0;
  #exited = false;
  #closed = false;
  /** Whether exec is known to have happened; over the trampoline that is told a moment after the spawn. */
  #confirmed = false;
  #failure: GafferError | undefined;
  /** How it ended. That may be known before exec is confirmed, and is told only then. */
  #end: ExitStatus | undefined;
  #empty = false;
  #unref: () => void = () => undefined;
  /** Let go of while it ran: nothing more of it is told. */
  #released = false;

  constructor(request: SpawnRequest, options: LocalProcessOptions) {
    this.#request = request;
    this.#observer = options.observer;
    this.#tree = options.tree;
    this.#reactor = options.reactor;
    this.#wasOutOfMemory = (osPid) => options.wasOutOfMemory(osPid);
  }

  /** The child is there; whether the program runs is told later when it goes over the trampoline. */
  adopt(child: Pick<Bun.Subprocess, "pid" | "unref">): void {
    this.#osPid = child.pid;
    this.#unref = () => child.unref();
    this.#tree.adopt(child.pid);
  }

  /** Reads an output of the child to its end. */
  read(fd: number, sink: ByteSink): void {
    this.#reading++;
    const reader = this.#reactor.read(fd, sink, () => {
      this.#reading--;
      this.#settle();
    });
    this.#readers.push(reader);
  }

  /** Reads and writes through the terminal of the child. */
  takeTerminal(channel: TerminalChannel, terminal: Bun.Terminal | undefined): void {
    this.#terminal = channel;
    this.#reading++;
    channel.attach(terminal, () => {
      this.#reading--;
      this.#settle();
    });
  }

  /** Gives its terminal another size; without a terminal nothing happens. */
  resize(size: TerminalSize): void {
    this.#terminal?.resize(size);
  }

  /** Lets writers reach the child: stdin, or a custom stream by its label. */
  takeInput(input: InputPipe, stream?: string): void {
    this.#inputs.set(stream, input);
  }

  /** The program runs. */
  confirm(): void {
    if (this.#osPid !== undefined) this.#observer.spawned(this.#osPid);
    this.#confirmed = true;
    if (this.#end !== undefined) this.#tellExit(this.#end);
  }

  /** What was to become the program says that it could not; it ends by itself. */
  fail(error: GafferError): void {
    this.#failure = error;
    if (this.#end !== undefined) this.#tellFailure(error);
  }

  /** Bun has reaped the leader. */
  leaderExited(code: number | null, signalCode: string | number | null): void {
    const status = this.#statusOf(signalCode === null ? code : null, toNumber(signalCode));
    this.#end = status;
    if (this.#released) return;
    // At once, though it may be told later: from here on its pid may be another's.
    this.#empty = !this.#tree.leaderDied(() => this.#emptied()).survivors;
    if (this.#confirmed) this.#tellExit(status);
    if (this.#failure !== undefined) this.#tellFailure(this.#failure);
  }

  #statusOf(code: number | null, signal: number | null): ExitStatus {
    // Asked before its tree goes, which may be the one to know.
    const outOfMemory = signal === SIGKILL && this.#osPid !== undefined && this.#wasOutOfMemory(this.#osPid);
    return outOfMemory ? { code, signal, outOfMemory } : { code, signal };
  }

  #tellExit(status: ExitStatus): void {
    for (const input of this.#inputs.values()) input.close();
    for (const reader of this.#readers) reader.drain();
    this.#observer.exited(status, !this.#empty);
    this.#exited = true;
    if (this.#empty) this.#observer.emptied();
    this.#settle();
  }

  #emptied(): void {
    this.#empty = true;
    if (this.#exited) this.#observer.emptied();
  }

  #tellFailure(error: GafferError): void {
    // From here on nothing of it is told: it never ran.
    this.#closed = true;
    for (const input of this.#inputs.values()) input.close();
    this.abandonOutput();
    this.#observer.spawnFailed(error);
  }

  #settle(): void {
    if (!this.#exited || this.#closed || this.#reading > 0) return;
    this.#closed = true;
    this.#observer.closed();
  }

  signal(signal: number): void {
    this.#tree.signal(signal);
  }

  signalLeader(signal: number): void {
    if (this.#osPid !== undefined && this.#end === undefined) sendSignal(this.#osPid, signal);
  }

  destroy(): void {
    this.#tree.destroy();
  }

  abandonOutput(): void {
    this.#terminal?.end();
    for (const reader of this.#readers) reader.abandon();
  }

  write(bytes: Uint8Array, stream?: string): void {
    const input = stream === undefined ? (this.#terminal ?? this.#inputs.get(undefined)) : this.#inputs.get(stream);
    if (input !== undefined) return input.write(bytes);
    const label = this.#request.label;
    if (stream === undefined) {
      throw new GafferError("input_closed", `Cannot write to stdin of "${label}": it has none (set redirect_input)`);
    }
    const known = this.#request.streams.join(", ") || "none";
    throw new GafferError(
      "stream_not_found",
      `Cannot write to stream "${stream}" of "${label}": its streams are ${known}`,
    );
  }

  release(): void {
    this.#released = true;
    this.#unref();
  }

  endInput(): void {
    this.#terminal?.endInput();
    this.#inputs.get(undefined)?.end();
  }
}

function toNumber(signal: string | number | null): number | null {
  if (signal === null || typeof signal === "number") return signal;
  return signalNumbers[signal] ?? 0;
}
