import { GafferError } from "../base/gaffer-error.ts";
import type { HostProcess, ProcessObserver, SpawnRequest } from "../manager/process-host.ts";
import type { DeathWatch, Watching } from "./death-watch.ts";
import { ageMs } from "./local-machine.ts";
import { isSame } from "./proc-stat.ts";
import { type ProcessTree, sendSignal } from "./process-tree.ts";

/** What a process of an earlier life is adopted with. */
export interface Adoption {
  readonly request: SpawnRequest;
  readonly observer: ProcessObserver;
  readonly tree: ProcessTree;
  readonly watch: DeathWatch;
  /** The leader, and its control group. */
  readonly leader: { readonly pid: number; readonly start: number; readonly folder: string | undefined };
}

/** A detached process of an earlier life that a job has again: told of like one that we spawned, except how it ends. */
export class AdoptedProcess implements HostProcess {
  readonly #adoption: Adoption;
  readonly #watching: Watching;
  #dead = false;
  #empty = false;
  #told = false;

  constructor(adoption: Adoption) {
    this.#adoption = adoption;
    const { tree, leader, watch } = adoption;
    tree.adopt(leader.pid);
    this.#watching = watch.add(leader, () => this.#die());
  }

  /** Tells that it runs. */
  confirm(): void {
    const { observer, leader } = this.#adoption;
    observer.spawned(leader.pid, ageMs(leader.start));
  }

  #die(): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#watching.end();
    const { survivors } = this.#adoption.tree.leaderDied(() => this.#emptied());
    this.#empty = !survivors;
    // In its own turn: the death may be noticed inside a call of the observer's.
    queueMicrotask(() => this.#tellExit(survivors));
  }

  #tellExit(survivors: boolean): void {
    const { observer } = this.#adoption;
    observer.exited({ code: null, signal: null, unknown: true }, survivors);
    this.#told = true;
    if (this.#empty) observer.emptied();
    // There is no output of it that we could read.
    observer.closed();
  }

  #emptied(): void {
    this.#empty = true;
    if (this.#told) this.#adoption.observer.emptied();
  }

  /** Whoever has its pid now may be another. */
  #look(): void {
    if (!this.#dead && !isSame(this.#adoption.leader)) this.#die();
  }

  signal(signal: number): void {
    this.#look();
    this.#watching.hurry();
    this.#adoption.tree.signal(signal);
  }

  signalLeader(signal: number): void {
    this.#look();
    this.#watching.hurry();
    if (!this.#dead) sendSignal(this.#adoption.leader.pid, signal);
  }

  destroy(): void {
    this.#look();
    this.#watching.hurry();
    this.#adoption.tree.destroy();
  }

  abandonOutput(): void {
    // There is none.
  }

  write(): void {
    const { label } = this.#adoption.request;
    throw new GafferError("input_closed", `Cannot write to "${label}": it is detached, and has no stdin of ours`);
  }

  endInput(): void {
    // There is none.
  }

  release(): void {
    this.#watching.end();
  }
}
