import { type ErrorCode, GafferError } from "../../src/base/gaffer-error.ts";
import type { ExitStatus } from "../../src/manager/exit-status.ts";
import type { HostProcess, ProcessHost, ProcessObserver, SpawnRequest } from "../../src/manager/process-host.ts";

/** One process of a {@link FakeHost}: the test says what becomes of it, and sees what was asked of it. */
export class FakeProcess implements HostProcess {
  readonly request: SpawnRequest;
  readonly observer: ProcessObserver;
  /** Signals sent to the whole tree. */
  readonly signals: number[] = [];
  /** What was written, as text, with its stream. */
  readonly written: { readonly text: string; readonly stream: string | undefined }[] = [];
  destroyed = false;
  abandoned = false;
  inputEnded = false;
  /** Let go of while it ran: it is none of the manager's any more. */
  released = false;
  phase: "starting" | "running" | "exited" | "failed" = "starting";
  survivors = false;
  emptied = false;
  closed = false;
  /** Told of each signal and SIGKILL, after it was noted. */
  onSignal: (signal: number) => void = () => undefined;

  constructor(request: SpawnRequest, observer: ProcessObserver) {
    this.request = request;
    this.observer = observer;
  }

  /** Nothing of it is left, or there never was anything. */
  get gone(): boolean {
    return this.released || this.phase === "failed" || (this.phase === "exited" && this.emptied && this.closed);
  }

  /** The kernel's number that {@link spawned} tells: 1000 and gaffer's own. */
  get osPid(): number {
    return 1000 + this.request.id;
  }

  spawned(): void {
    this.phase = "running";
    this.observer.spawned(this.osPid);
  }

  fail(code: ErrorCode = "command_not_found"): void {
    this.phase = "failed";
    this.observer.spawnFailed(
      new GafferError(code, `Cannot start "${this.request.label}": ${code.replaceAll("_", " ")}`),
    );
  }

  /** The leader dies: with an exit code, or by a signal. */
  exit(how: number | Partial<ExitStatus> = 0, survivors = false): void {
    this.phase = "exited";
    this.survivors = survivors;
    this.observer.exited(
      typeof how === "number" ? { code: how, signal: null } : { code: null, signal: null, ...how },
      survivors,
    );
  }

  empty(): void {
    this.survivors = false;
    this.emptied = true;
    this.observer.emptied();
  }

  close(): void {
    this.closed = true;
    this.observer.closed();
  }

  /** The leader dies and nothing is left. */
  end(how: number | Partial<ExitStatus> = 0): void {
    this.exit(how);
    this.empty();
    this.close();
  }

  signal(signal: number): void {
    this.signals.push(signal);
    this.onSignal(signal);
  }

  signalLeader(signal: number): void {
    this.signals.push(signal);
    this.onSignal(signal);
  }

  destroy(): void {
    this.destroyed = true;
    this.onSignal(9);
  }

  abandonOutput(): void {
    this.abandoned = true;
  }

  write(bytes: Uint8Array, stream?: string): void {
    this.written.push({ text: new TextDecoder().decode(bytes), stream });
  }

  endInput(): void {
    this.inputEnded = true;
  }

  release(): void {
    this.released = true;
  }
}

/** A host without an operating system: by default everything that is spawned runs at once, and does nothing by itself. */
export class FakeHost implements ProcessHost {
  /** Every process there ever was, by age. */
  readonly processes: FakeProcess[] = [];
  /** What becomes of a new process inside the call of `spawn`. */
  onSpawn: (process: FakeProcess) => void = (process) => process.spawned();

  spawn(request: SpawnRequest, observer: ProcessObserver): HostProcess {
    const process = new FakeProcess(request, observer);
    this.processes.push(process);
    this.onSpawn(process);
    return process;
  }

  /** Those of which something is left. */
  get living(): FakeProcess[] {
    return this.processes.filter((process) => !process.gone);
  }

  /** Labels of {@link living}. */
  get labels(): string[] {
    return this.living.map((process) => process.request.label);
  }

  /** The process with gaffer's number `id`. */
  process(id: number): FakeProcess {
    const found = this.processes.find((process) => process.request.id === id);
    if (found === undefined) throw new Error(`no process ${id} was ever spawned`);
    return found;
  }

  /** The living process of a label. */
  at(label: string): FakeProcess {
    const found = this.living.find((process) => process.request.label === label);
    if (found === undefined) throw new Error(`no process at ${label}: there are ${this.labels.join(", ")}`);
    return found;
  }

  /** Ends every process that was signalled or destroyed, until none of them is left. */
  obey(): void {
    for (;;) {
      const next = this.living.find((one) => one.phase !== "starting" && (one.signals.length > 0 || one.destroyed));
      if (next === undefined) return;
      const signal = next.destroyed ? 9 : (next.signals.at(-1) ?? 15);
      if (next.phase === "running") next.exit({ signal });
      if (!next.emptied) next.empty();
      if (!next.closed) next.close();
    }
  }
}
