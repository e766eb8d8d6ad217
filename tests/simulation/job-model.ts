import type { JobSettings } from "../../src/manager/job-settings.ts";

/** What a job should be by what it was told: the simulation's own, much simpler account. */
export class JobModel {
  settings: JobSettings;
  active = false;
  numprocesses: number;
  /** Numbers of the slots that should be there. */
  readonly open: Set<number> = new Set<number>();
  /** Until when its pause may last, on the monotonic clock; 0 = it has none. */
  pauseEndsAt = 0;
  /** Numbers of processes committed to it. */
  readonly committed: Set<number> = new Set<number>();
  /** A commit is under way. */
  committing = false;
  unloaded = false;
  /** How many commands it was given. */
  commands = 0;

  constructor(settings: JobSettings) {
    this.settings = settings;
    this.numprocesses = settings.numprocesses ?? 1;
    this.resize(this.numprocesses);
  }

  /** Lowest free slots are opened, highest are closed. */
  resize(numprocesses: number): void {
    this.numprocesses = numprocesses;
    for (let number = 1; this.open.size < numprocesses; number++) this.open.add(number);
    while (this.open.size > numprocesses) this.open.delete(Math.max(...this.open));
  }

  /** Closes one slot. */
  close(slot: number): void {
    if (this.open.delete(slot)) this.numprocesses--;
  }

  update(settings: JobSettings): void {
    const before = this.settings.numprocesses ?? 1;
    this.settings = settings;
    if ((settings.numprocesses ?? 1) !== before) this.resize(settings.numprocesses ?? 1);
  }
}
