import type { ErrorCode } from "../../src/base/gaffer-error.ts";
import type { FakeClock } from "../support/fake-clock.ts";
import { FakeHost, type FakeProcess } from "../support/fake-host.ts";
import type { SeededRandom } from "../support/seeded-random.ts";

/** What is true of one simulated process and hidden from the manager. */
export interface Nature {
  /** Whether it ends when it is asked to. */
  readonly willing: boolean;
  /** Whether a stranger holds its output open. */
  readonly held: boolean;
  /** How long its SIGKILL takes, in milliseconds. */
  readonly dyingMs: number;
  readonly spawnedAt: number;
  exitedAt: number;
  destroyedAt: number;
  signalledAt: number;
}

/** Something that may happen to a process next. */
export interface Act {
  readonly name: string;
  readonly process: FakeProcess;
  readonly run: () => void;
}

const failures: readonly ErrorCode[] = [
  "command_not_found",
  "not_executable",
  "cwd_missing",
  "resource_exhausted",
  "spawn_failed",
];

/** A machine on which everything that can go wrong goes wrong at random. */
export class SimulatedHost extends FakeHost {
  readonly #random: SeededRandom;
  readonly #clock: FakeClock;
  readonly #natures = new Map<FakeProcess, Nature>();
  /** Told of each spawn before anything comes of it. */
  beforeSpawn: (process: FakeProcess) => void = () => undefined;
  /** Told of each end of a leader, before the manager is. */
  beforeExit: (process: FakeProcess, signal: number | null) => void = () => undefined;

  constructor(random: SeededRandom, clock: FakeClock) {
    super();
    this.#random = random;
    this.#clock = clock;
    this.onSpawn = (process) => this.#begin(process);
  }

  nature(process: FakeProcess): Nature {
    const nature = this.#natures.get(process);
    if (nature === undefined) throw new Error(`no nature of ${process.request.label}`);
    return nature;
  }

  #begin(process: FakeProcess): void {
    const random = this.#random;
    const nature: Nature = {
      willing: random.next() < 0.7,
      held: random.next() < 0.2,
      dyingMs: random.next() < 0.2 ? 500 : 0,
      spawnedAt: this.#clock.monotonicMs(),
      exitedAt: 0,
      destroyedAt: 0,
      signalledAt: 0,
    };
    this.#natures.set(process, nature);
    process.onSignal = (signal) => {
      if (process.destroyed && signal === 9 && nature.destroyedAt === 0) nature.destroyedAt = this.#clock.monotonicMs();
      else nature.signalledAt = this.#clock.monotonicMs();
    };
    this.beforeSpawn(process);
    const dice = random.next();
    if (dice < 0.12) process.fail(random.pick(failures));
    else if (dice < 0.55) process.spawned();
  }

  #exit(child: FakeProcess, signal: number | null): void {
    this.nature(child).exitedAt = this.#clock.monotonicMs();
    const code = signal === null ? this.#random.pick([0, 0, 1, 127]) : null;
    this.beforeExit(child, signal);
    child.exit({ code, signal }, this.#random.next() < 0.25);
  }

  /** What may happen next; without `spontaneous`, only what must. */
  acts(spontaneous: boolean): Act[] {
    return this.living.flatMap((process) => {
      if (process.phase === "starting") return this.#whileStarting(process);
      if (process.phase === "running") return this.#whileRunning(process, spontaneous);
      return this.#whileEnding(process, spontaneous);
    });
  }

  #whileStarting(process: FakeProcess): Act[] {
    return [
      { name: "spawned", process, run: () => process.spawned() },
      { name: "spawned", process, run: () => process.spawned() },
      { name: "fails", process, run: () => process.fail(this.#random.pick(failures)) },
    ];
  }

  #isDead(process: FakeProcess): boolean {
    const { destroyedAt, dyingMs } = this.nature(process);
    return process.destroyed && this.#clock.monotonicMs() >= destroyedAt + dyingMs;
  }

  #whileRunning(process: FakeProcess, spontaneous: boolean): Act[] {
    const acts: Act[] = [];
    if (spontaneous) acts.push({ name: "exits", process, run: () => this.#exit(process, null) });
    if (this.#isDead(process)) acts.push({ name: "dies", process, run: () => this.#exit(process, 9) });
    const signal = process.signals.at(-1);
    if (signal !== undefined && this.nature(process).willing) {
      acts.push({ name: "obeys", process, run: () => this.#exit(process, this.#random.pick([signal, null])) });
    }
    return acts;
  }

  #whileEnding(process: FakeProcess, spontaneous: boolean): Act[] {
    const acts: Act[] = [];
    const nature = this.nature(process);
    const leaves = process.survivors
      ? spontaneous || this.#isDead(process) || (nature.willing && nature.signalledAt >= nature.exitedAt)
      : true;
    if (!process.emptied && leaves) acts.push({ name: "is empty", process, run: () => process.empty() });
    const closes = (!nature.held && !process.survivors) || process.abandoned;
    if (!process.closed && closes) acts.push({ name: "is closed", process, run: () => process.close() });
    return acts;
  }

  /** Milliseconds until a SIGKILL that takes time has done its work; undefined when there is none. */
  get nextDeathInMs(): number | undefined {
    const waits = this.living
      .filter((process) => process.destroyed && !this.#isDead(process))
      .map((process) => this.nature(process).destroyedAt + this.nature(process).dyingMs - this.#clock.monotonicMs());
    return waits.length === 0 ? undefined : Math.min(...waits);
  }
}
