import { GafferError } from "../base/gaffer-error.ts";
import type { HostProcess, ProcessObserver, SpawnRequest } from "../manager/process-host.ts";
import type { DetachedStop } from "./detached-stop.ts";

/** A process, and the one of an earlier life that must be gone before it is spawned. */
export interface Succession {
  readonly former: DetachedStop;
  readonly request: SpawnRequest;
  readonly observer: ProcessObserver;
  /** Spawns it. */
  launch(): HostProcess;
}

/** A process that is spawned as soon as nothing is left of another one. */
export class Replacement implements HostProcess {
  readonly #succession: Succession;
  #process: HostProcess | undefined;
  #destroyed = false;

  constructor(succession: Succession) {
    this.#succession = succession;
    void succession.former.done.then(() => this.#succeed());
  }

  #succeed(): void {
    const { request, observer } = this.#succession;
    if (!this.#destroyed) this.#process = this.#succession.launch();
    else observer.spawnFailed(new GafferError("spawn_failed", `Cannot start "${request.label}": it was killed before`));
  }

  signal(signal: number): void {
    this.#process?.signal(signal);
  }

  signalLeader(signal: number): void {
    this.#process?.signalLeader(signal);
  }

  destroy(): void {
    this.#destroyed = true;
    if (this.#process === undefined) this.#succession.former.kill();
    else this.#process.destroy();
  }

  abandonOutput(): void {
    this.#process?.abandonOutput();
  }

  write(bytes: Uint8Array, stream?: string): void {
    const { label } = this.#succession.request;
    if (this.#process === undefined)
      throw new GafferError("input_closed", `Cannot write to "${label}": it does not run yet`);
    this.#process.write(bytes, stream);
  }

  endInput(): void {
    this.#process?.endInput();
  }

  release(): void {
    this.#process?.release();
  }
}
