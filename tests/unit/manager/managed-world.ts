import { expect } from "bun:test";
import type { GafferEvent } from "../../../src/manager/gaffer-event.ts";
import type { JobSettings } from "../../../src/manager/job-settings.ts";
import type { SlotStatus } from "../../../src/manager/job-status.ts";
import { type LoadOptions, Manager, type ManagerOptions } from "../../../src/manager/manager.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { FakeHost, type FakeProcess } from "../../support/fake-host.ts";

/** A manager with a fake machine under it. Disposing it stops it, and fails the test if anything is left or went wrong. */
export class ManagedWorld implements AsyncDisposable {
  readonly clock: FakeClock = new FakeClock();
  readonly host: FakeHost = new FakeHost();
  /** Everything that was published. */
  readonly events: GafferEvent[] = [];
  readonly errors: unknown[] = [];
  readonly manager: Manager;

  constructor(options: Partial<ManagerOptions> = {}) {
    const { host, clock } = this;
    this.manager = new Manager({
      host,
      clock,
      env: { PATH: "/bin", HOME: "/root" },
      cwd: "/srv",
      onError: (error) => this.errors.push(error),
      ...options,
    });
    this.manager.events.subscribe(".", (_, event) => this.events.push(event));
  }

  /** Loads a job `dummy` that never ends by itself. */
  load(settings: Partial<JobSettings> = {}, options: LoadOptions = {}): ReturnType<Manager["load"]> {
    return this.manager.load({ name: "dummy", cmd: "sleep 60", ...settings }, options);
  }

  /** The living process of a slot of `dummy`. */
  at(slot: number): FakeProcess {
    return this.host.at(`default.dummy.${slot}`);
  }

  /** How the slots of a job stand. */
  slots(name = "dummy"): readonly SlotStatus[] {
    return this.manager.info(name).slots;
  }

  slot(number: number, name = "dummy"): SlotStatus {
    const found = this.slots(name).find((one) => one.slot === number);
    if (found === undefined) throw new Error(`${name} has no slot ${number}`);
    return found;
  }

  states(name = "dummy"): string[] {
    return this.slots(name).map((slot) => slot.state);
  }

  /** Kinds of the events since the last call, of one job if one is given. */
  kinds(name?: string): string[] {
    return this.events
      .splice(0)
      .filter((event) => name === undefined || event.name === name)
      .map((event) => event.event);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const stop = { over: false };
    void this.#note(stop);
    for (let patience = 100; !stop.over && patience > 0; patience--) {
      for (const process of this.host.living) if (process.phase === "starting") process.fail();
      this.host.obey();
      this.clock.advance(this.clock.nextInMs ?? 0);
      for (const process of this.host.living) finish(process);
      for (let turn = 0; turn < 12; turn++) await Promise.resolve();
    }
    expect(this.errors).toEqual([]);
    expect(this.host.labels).toEqual([]);
    expect(this.clock.pending).toBe(0);
    expect(stop.over).toBe(true);
  }

  async #note(stop: { over: boolean }): Promise<void> {
    await this.manager.stop();
    stop.over = true;
  }
}

/** Does what the manager has asked of a process whose leader is dead. */
function finish(process: FakeProcess): void {
  if (process.phase !== "exited") return;
  if (!process.emptied && process.destroyed) process.empty();
  if (!process.closed && process.abandoned) process.close();
}
