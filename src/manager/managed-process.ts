import type { GafferError } from "../base/gaffer-error.ts";
import type { Clock, Timer } from "./clock.ts";
import { describeExit, type ExitStatus } from "./exit-status.ts";
import type { HostProcess, ProcessHost, ProcessObserver, SpawnRequest } from "./process-host.ts";
import type { Turn } from "./turn.ts";

/** How long a stranger may hold an output open after the tree is empty, in milliseconds. */
const STRANGER_MS = 1000;

/** How a process is asked to stop. */
export interface StopPolicy {
  readonly stopSignal: number;
  readonly gracefulTimeoutMs: number;
}

/** What a process tells its owner, each inside a turn. */
export interface ProcessOwner {
  onSpawned(process: ManagedProcess): void;
  onSpawnFailed(process: ManagedProcess, error: GafferError): void;
  /** The leader is dead; what it left behind is being stopped. */
  onExited(process: ManagedProcess): void;
  /** The graceful timeout is over: SIGKILL is sent. */
  onKilled(process: ManagedProcess): void;
  /** Nothing is left of it, and everything it said has been read. */
  onGone(process: ManagedProcess): void;
}

/** What a process needs of the world. */
export interface ProcessWorld {
  readonly host: ProcessHost;
  readonly clock: Clock;
  readonly turn: Turn;
}

/** One OS process from its spawn to the moment nothing is left of it. */
export class ManagedProcess implements ProcessObserver {
  readonly request: SpawnRequest;
  /** Run once, outside the slots. */
  readonly once: boolean;
  /** Wall time of the spawn, milliseconds since 1970. */
  createdAt: number;
  /** The kernel's number; undefined until exec is confirmed. */
  osPid: number | undefined;
  /** How the leader ended. */
  status: ExitStatus | undefined;
  /** Whether the end was asked for: by a stop, or by a signal of ours that ended it. */
  asked = false;
  /** Whether SIGKILL had to be sent to stop it. */
  killed = false;

  readonly #world: ProcessWorld;
  readonly #owner: ProcessOwner;
  readonly #policy: StopPolicy;
  #startedMs: number;
  #endedMs: number | undefined;
  #host: HostProcess | undefined;
  #emptied = false;
  #closed = false;
  #stopping = false;
  /** What a dead leader left behind is being stopped. */
  #sweeping = false;
  /** Killed before exec was confirmed: done as soon as there is somebody to kill. */
  #doomed = false;
  #lastSignal: number | undefined;
  #timer: Timer | undefined;

  constructor(
    request: SpawnRequest,
    options: { world: ProcessWorld; owner: ProcessOwner; policy: StopPolicy; once: boolean },
  ) {
    this.request = request;
    this.once = options.once;
    this.#world = options.world;
    this.#owner = options.owner;
    this.#policy = options.policy;
    this.createdAt = options.world.clock.wallMs();
    this.#startedMs = options.world.clock.monotonicMs();
  }

  /** gaffer's own number. */
  get id(): number {
    return this.request.id;
  }

  get label(): string {
    return this.request.label;
  }

  /** Whether the program runs: exec is confirmed and the leader is not dead. */
  get active(): boolean {
    return this.osPid !== undefined && this.status === undefined;
  }

  /** Whether it is being stopped, or what its leader left behind is. */
  get stopping(): boolean {
    return this.#stopping;
  }

  /** How long it has lived, or did, in milliseconds. */
  get livedMs(): number {
    return (this.#endedMs ?? this.#world.clock.monotonicMs()) - this.#startedMs;
  }

  /** Why it ended, in words. */
  get reason(): string {
    if (this.status === undefined) return "";
    if (!this.asked || !this.#stopping) return describeExit(this.status);
    return this.killed ? "stopped by SIGKILL" : "stopped";
  }

  /** Starts it; what comes of it is told to the owner. */
  spawn(): void {
    this.#host = this.#world.host.spawn(this.request, this);
  }

  spawned(osPid: number, ageMs = 0): void {
    this.#world.turn.input(() => {
      this.osPid = osPid;
      this.createdAt -= ageMs;
      this.#startedMs -= ageMs;
      this.#owner.onSpawned(this);
      if (this.#doomed) this.destroy();
      else if (this.#stopping) this.#askToStop();
    });
  }

  spawnFailed(error: GafferError): void {
    this.#world.turn.input(() => {
      this.#endedMs = this.#startedMs;
      this.#timer?.cancel();
      this.#owner.onSpawnFailed(this, error);
    });
  }

  exited(status: ExitStatus, survivors: boolean): void {
    this.#world.turn.input(() => {
      this.status = status;
      this.#endedMs = this.#world.clock.monotonicMs();
      if (status.signal !== null && status.signal === this.#lastSignal) this.asked = true;
      this.#owner.onExited(this);
      // What the leader left behind is stopped as it would have been; a stop under way goes on.
      if (!survivors || this.#stopping) return;
      this.#sweeping = true;
      this.#askToStop();
    });
  }

  emptied(): void {
    this.#world.turn.input(() => {
      this.#emptied = true;
      this.#timer?.cancel();
      if (!this.#closed) this.#timer = this.#after(STRANGER_MS, () => this.#host?.abandonOutput());
      this.#settle();
    });
  }

  closed(): void {
    this.#world.turn.input(() => {
      this.#closed = true;
      this.#settle();
    });
  }

  #settle(): void {
    if (!this.#emptied || !this.#closed) return;
    this.#timer?.cancel();
    this.#owner.onGone(this);
  }

  /** Stops it: signal, graceful timeout, SIGKILL, until nothing of it is left. A second call changes nothing. */
  stop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    if (this.status === undefined) this.asked = true;
    if (this.#sweeping || this.#emptied) return;
    this.#askToStop();
  }

  #askToStop(): void {
    const { stopSignal, gracefulTimeoutMs } = this.#policy;
    if (gracefulTimeoutMs === 0) return this.destroy();
    this.#timer?.cancel();
    // Before exec is confirmed there is nobody to ask: it is asked as soon as it runs.
    if (this.osPid !== undefined) this.#host?.signal(stopSignal);
    this.#timer = this.#after(gracefulTimeoutMs, () => this.destroy());
  }

  /** SIGKILLs it and all that is left of it now. */
  destroy(): void {
    if (!this.#sweeping) this.#stopping = true;
    if (this.status === undefined) this.asked = true;
    if (this.#emptied) return;
    this.#timer?.cancel();
    if (this.osPid === undefined) {
      // Done again when it is told to run: until then nobody knows what there is to kill.
      this.#doomed = true;
      this.#host?.destroy();
      return;
    }
    if (this.killed) return;
    this.killed = true;
    this.#owner.onKilled(this);
    this.#host?.destroy();
  }

  /** Lets go of a detached process: it lives on, and nothing more of it is told. */
  release(): void {
    this.#timer?.cancel();
    this.#host?.release();
  }

  /** Sends a signal to its whole group now. An end by that very signal counts as asked for. */
  signal(signal: number): void {
    if (!this.active) return;
    this.#lastSignal = signal;
    this.#host?.signal(signal);
  }

  /** @see HostProcess.write */
  write(bytes: Uint8Array, stream?: string): void {
    this.#host?.write(bytes, stream);
  }

  endInput(): void {
    this.#host?.endInput();
  }

  #after(delayMs: number, work: () => void): Timer {
    return this.#world.clock.after(delayMs, () => this.#world.turn.input(work));
  }
}
