import { GafferError } from "../base/gaffer-error.ts";
import type { ProcessInfo } from "../manager/job-status.ts";
import type { Operation } from "../manager/operation.ts";
import type { OutputHub } from "../output/output-hub.ts";
import { type ProcessStats, processStats } from "./process-stats.ts";
import type { ProcessWatcher, StatsListener } from "./process-watcher.ts";

/** Bytes a process said. */
export interface IoEvent {
  /** Label of the output or custom stream. */
  readonly event: string;
  /** Full name of the job. */
  readonly name: string;
  /** gaffer's number of the process. */
  readonly pid: number;
  /** A copy of your own. */
  readonly data: Uint8Array;
}

/** Called with each piece of output as it was read; pieces are not lines. */
export type IoListener = (event: IoEvent) => void;

/** Of the manager, what a process needs. */
export interface ProcessKeeper {
  readonly watcher: ProcessWatcher;
  readonly output: OutputHub;
  getProcess(id: number): ProcessInfo;
  stopProcess(id: number): Operation<boolean>;
  kill(id: number, signal: number | string): void;
  send(id: number, lines: string | Uint8Array | readonly string[], stream?: string): void;
}

/** One process of a job, as long as it is there: look at it, listen to it, write to it, stop it. */
export class EmbeddedProcess {
  readonly #keeper: ProcessKeeper;
  readonly #last: ProcessInfo;
  readonly #followers = new Map<IoListener, () => void>();

  constructor(keeper: ProcessKeeper, info: ProcessInfo) {
    this.#keeper = keeper;
    this.#last = info;
  }

  /** What it is now; what it last was, when it is gone. */
  get info(): ProcessInfo {
    try {
      return this.#keeper.getProcess(this.pid);
    } catch (error) {
      if (error instanceof GafferError) return { ...this.#last, active: false };
      throw error;
    }
  }

  /** gaffer's own number. */
  get pid(): number {
    return this.#last.pid;
  }

  /** The kernel's number. */
  get osPid(): number | undefined {
    return this.info.osPid;
  }

  /** Full name of the job. */
  get name(): string {
    return this.#last.name;
  }

  /** Whether its program runs. */
  get active(): boolean {
    return this.info.active;
  }

  /** Whether it was committed: run once, never restarted. */
  get once(): boolean {
    return this.#last.committed;
  }

  /** Labels of its custom streams. */
  get streams(): readonly string[] {
    return this.#last.customStreams;
  }

  /** Stops it; another takes its place. */
  stop(): Operation<boolean> {
    return this.#keeper.stopProcess(this.pid);
  }

  /** Sends a signal to its group now. */
  kill(signal: number | string): void {
    this.#keeper.kill(this.pid, signal);
  }

  /** Writes to its stdin, or to a custom stream; whole or refused. */
  write(data: string | Uint8Array, stream?: string): void {
    this.#keeper.send(this.pid, data, stream);
  }

  /** Writes lines, each with a newline. */
  writelines(lines: readonly string[], stream?: string): void {
    this.#keeper.send(this.pid, lines, stream);
  }

  /** What it and its descendants use now; undefined when it is gone. */
  async stats(): Promise<ProcessStats | undefined> {
    const { osPid } = this;
    return osPid === undefined ? undefined : (await processStats([osPid])).get(osPid);
  }

  /** Hears ten times a second what it uses, as long as it is there. */
  monitor(listener: StatsListener): void {
    if (this.osPid !== undefined) this.#keeper.watcher.subscribe(this.osPid, listener);
  }

  /** Ends what {@link monitor} began. */
  unmonitor(listener: StatsListener): void {
    if (this.osPid !== undefined) this.#keeper.watcher.unsubscribe(this.osPid, listener);
  }

  /** Hears what it says from now on under `label`; `.` = under every label. */
  monitorIo(label: string, listener: IoListener): void {
    this.unmonitorIo(label, listener);
    const follower = this.#keeper.output.follow(
      ({ id, stream }) => id === this.pid && (label === "." || stream === label),
      ({ job, stream }) => ({
        write: (bytes) => listener({ event: stream, name: job, pid: this.pid, data: Uint8Array.from(bytes) }),
        end: () => this.#followers.delete(listener),
      }),
    );
    this.#followers.set(listener, () => follower.close());
  }

  /** Ends what {@link monitorIo} began. */
  unmonitorIo(_label: string, listener: IoListener): void {
    this.#followers.get(listener)?.();
    this.#followers.delete(listener);
  }
}
