import type { GafferError } from "../base/gaffer-error.ts";
import type { EventFields, EventKind } from "./gaffer-event.ts";
import { ManagedProcess, type ProcessOwner, type ProcessWorld, type StopPolicy } from "./managed-process.ts";
import type { SpawnRequest } from "./process-host.ts";
import { exitFields, processFields, spawnedFields } from "./process-fields.ts";

/** What a committed process is made from, and whom it tells. */
export interface CommittedOptions {
  readonly request: SpawnRequest;
  readonly world: ProcessWorld;
  readonly policy: StopPolicy;
  publish(kind: EventKind, fields: EventFields): void;
  onSpawned(): void;
  onKilled(): void;
  onGone(): void;
}

/** A process of a job that runs once, outside its slots, and is never restarted. */
export class Committed implements ProcessOwner {
  readonly process: ManagedProcess;
  readonly #options: CommittedOptions;

  constructor(options: CommittedOptions) {
    this.#options = options;
    const { request, world, policy } = options;
    this.process = new ManagedProcess(request, { world, owner: this, policy, once: true });
  }

  onSpawned(): void {
    this.#options.publish("spawn", spawnedFields(this.process));
    this.#options.onSpawned();
  }

  onSpawnFailed(_process: ManagedProcess, error: GafferError): void {
    this.#options.publish("spawn_failed", {
      ...processFields(this.process),
      reason: error.message,
      error_exit_code: error.exitCode,
    });
    this.#options.onGone();
  }

  onExited(): void {
    // What its leader left behind is being stopped; told when nothing is left.
  }

  onKilled(): void {
    this.#options.onKilled();
  }

  onGone(process: ManagedProcess): void {
    this.#options.publish("exit", exitFields(process));
    this.#options.onGone();
  }
}
