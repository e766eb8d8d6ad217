import { GafferError } from "../../src/base/gaffer-error.ts";
import type { Clock } from "../../src/manager/clock.ts";
import type { FlappingPolicy } from "../../src/manager/flapping.ts";
import type { JobSettings } from "../../src/manager/job-settings.ts";
import { Manager } from "../../src/manager/manager.ts";
import type { ProcessHost } from "../../src/manager/process-host.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { JobModel } from "./job-model.ts";
import { type Act, SimulatedHost } from "./simulated-host.ts";
import { type Given, Watch } from "./watch.ts";

/** How a history is played. */
export interface HistoryOptions {
  /** Told of every step, when somebody wants to know. */
  readonly log?: ((line: string) => void) | undefined;
  /** Puts something between the manager and its host. */
  readonly host?: (host: ProcessHost) => ProcessHost;
  /** Puts something between the manager and its clock. */
  readonly clock?: (clock: Clock) => Clock;
}

const names = ["default.a", "default.b", "default.c"];
/** More than a history ever needs to end: one that takes longer is stuck. */
const PATIENCE = 2000;

/** One random life of a manager, which a seed repeats exactly. */
export class History {
  readonly #random: SeededRandom;
  readonly #clock = new FakeClock();
  readonly #host: SimulatedHost;
  readonly #manager: Manager;
  readonly #watch: Watch;
  readonly #models = new Map<string, JobModel>();
  readonly #given = new Set<Given>();
  readonly #errors: Error[] = [];
  readonly #log: ((line: string) => void) | undefined;
  #stopping = false;
  #depth = 0;

  constructor(seed: number, { log, host = (plain) => plain, clock = (plain) => plain }: HistoryOptions = {}) {
    this.#random = new SeededRandom(seed);
    this.#log = log;
    this.#clock.randomSource = () => this.#random.next();
    this.#host = new SimulatedHost(this.#random, this.#clock);
    this.#manager = new Manager({
      host: host(this.#host),
      clock: clock(this.#clock),
      env: { PATH: "/bin" },
      cwd: "/",
      onError: (error) => this.#errors.push(error instanceof Error ? error : new Error(String(error))),
    });
    this.#watch = new Watch({
      clock: this.#clock,
      host: this.#host,
      manager: this.#manager,
      models: this.#models,
      given: this.#given,
      stopping: () => this.#stopping,
    });
    if (log !== undefined) {
      this.#manager.events.subscribe(".", (_, { event, name, seq, pid, slot, reason }) =>
        log(`    ${seq} ${event} ${name} ${pid === undefined ? "" : `process ${pid} slot ${slot}`} ${reason ?? ""}`),
      );
    }
  }

  /** Plays it to its end. @throws at the first step after which a promise is broken. */
  async play(): Promise<void> {
    await this.#manager.start();
    const steps = 20 + this.#random.below(50);
    for (let step = 0; step < steps; step++) {
      this.#step();
      this.#look();
      if (this.#given.size > 0) await this.#answered();
    }
    await this.#end();
  }

  async #answered(): Promise<void> {
    for (let turn = 0; turn < 4; turn++) await Promise.resolve();
    this.#watch.checkAnswers();
  }

  #look(): void {
    const [error] = this.#errors;
    if (error !== undefined) throw error;
    this.#watch.check();
  }

  #say(line: string, facts?: unknown): void {
    this.#log?.(`${this.#clock.monotonicMs()} ${line}${facts === undefined ? "" : ` ${JSON.stringify(facts)}`}`);
  }

  #step(): void {
    const dice = this.#random.next();
    if (this.#models.size === 0 || dice < 0.3) this.#command();
    else if (dice < 0.72) this.#act(this.#host.acts(true));
    else if (dice < 0.97) this.#passTime();
    else this.#clock.jumpWall(this.#random.pick([-86_400_000, -1500, 1500, 86_400_000]));
  }

  #act(acts: readonly Act[]): void {
    if (acts.length === 0) return;
    const act = this.#random.pick(acts);
    this.#say(`process ${act.process.request.id} (${act.process.request.label}) ${act.name}`);
    act.run();
  }

  #passTime(): void {
    const next = this.#clock.nextInMs;
    const dice = this.#random.next();
    const ms = next !== undefined && dice < 0.4 ? next : this.#random.pick([1, 20, 150, 900, 1100, 5000, 11_000]);
    this.#say(`${ms} ms pass`);
    this.#clock.advance(ms);
  }

  #settings(name: string): JobSettings {
    const random = this.#random;
    return {
      name,
      cmd: random.pick(["serve", "serve -v", "work"]),
      numprocesses: random.pick([0, 1, 1, 2, 2, 3]),
      restart: random.pick(["always", "always", "always", "on-failure", "never"]),
      gracefulTimeoutMs: random.pick([0, 100, 2000]),
      stopSignal: random.pick([15, 2]),
      priority: random.pick([0, 1, Infinity]),
      start: random.next() < 0.9,
      detach: random.next() < 0.2,
      ...(random.next() < 0.35 ? { flapping: this.#flapping() } : {}),
    };
  }

  #flapping(): FlappingPolicy {
    const random = this.#random;
    return {
      attempts: 1 + random.below(3),
      windowMs: random.pick([500, 3000]),
      retryInMs: random.pick([0, 700, 4000]),
      maxRetry: random.below(3),
    };
  }

  /** Gives a random command; now and then another one from inside an event that it causes. */
  #command(): void {
    if (this.#depth === 0 && this.#random.next() < 0.12) {
      this.#manager.events.subscribeOnce(this.#random.pick([".", "spawn", "exit", "stop"]), () => {
        this.#depth++;
        this.#say("from inside that event:");
        if (this.#stopping)
          this.#refused("load while it stops", () => this.#manager.load({ name: "late", cmd: "serve" }));
        else this.#command();
        this.#depth--;
      });
    }
    const name = this.#random.pick(names);
    // Refusals are looked at, but now and then only: most commands should have something to do.
    const isRefused = !this.#models.has(name) && this.#random.next() < 0.8;
    (isRefused ? this.#load : this.#random.pick(this.#commands))(name);
  }

  /** Gives a command that needs a job; without it, it must be refused and change nothing. */
  #give(what: string, name: string, work: (model: JobModel) => { readonly done: Promise<unknown> } | undefined): void {
    const model = this.#models.get(name);
    this.#say(`${what} ${name}${model === undefined ? " (not there)" : ""}`);
    if (model === undefined) {
      this.#refused(what, () => work(new JobModel({ name, cmd: "none" })));
      return;
    }
    model.commands++;
    this.#follow(`${what} ${name}`, model, work(model));
  }

  #follow(what: string, model: JobModel | undefined, operation: { readonly done: Promise<unknown> } | undefined): void {
    if (operation === undefined) return;
    const given: Given = { what, model, answered: false, after: model?.commands ?? 0 };
    this.#given.add(given);
    void this.#answer(given, operation.done);
  }

  async #answer(given: Given, done: Promise<unknown>): Promise<void> {
    await done;
    given.answered = true;
    this.#given.delete(given);
    try {
      this.#watch.checkAnswer(given);
    } catch (error) {
      this.#errors.push(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** What a command that is refused must leave as it was. */
  #fingerprint(): string {
    const { seq, status } = this.#manager;
    const slots = status.map((job) => `${job.name} ${job.maxProcesses} ${job.slots.map((slot) => slot.state).join()}`);
    return `${seq} ${this.#clock.pending} ${this.#host.processes.length} ${slots.join()}`;
  }

  #refused(what: string, work: () => unknown): void {
    const before = this.#fingerprint();
    try {
      work();
    } catch (error) {
      if (!(error instanceof GafferError)) throw error;
      if (this.#fingerprint() !== before)
        throw new Error(`${what} was refused, and changed something`, { cause: error });
      return;
    }
    throw new Error(`${what} was accepted, and should have been refused`);
  }

  readonly #load = (name: string): void => {
    const settings = this.#settings(name);
    this.#say("load", settings);
    if (this.#models.has(name)) {
      this.#refused("load", () => this.#manager.load(settings));
      return;
    }
    const model = new JobModel(settings);
    model.active = settings.start === true;
    this.#models.set(name, model);
    this.#follow(`load ${name}`, model, this.#manager.load(settings));
  };

  readonly #unload = (name: string): void => {
    this.#give("unload", name, (model) => {
      this.#forget(name, model);
      return this.#manager.unload(name);
    });
  };

  #forget(name: string, model: JobModel): void {
    model.commands++;
    model.active = false;
    model.unloaded = true;
    model.pauseEndsAt = 0;
    this.#models.delete(name);
  }

  /** A process of the job, or a number that no process has. */
  #someProcess(name: string): { id: number; slot: number } {
    const mine = this.#host.living.filter(
      (process) => process.request.job === name && this.#isKnown(process.request.id),
    );
    return mine.length === 0 ? { id: 99_999, slot: 0 } : this.#random.pick(mine).request;
  }

  #isKnown(id: number): boolean {
    return this.#manager.pids().includes(id);
  }

  readonly #stopProcess = (name: string): void => {
    const { id, slot } = this.#someProcess(name);
    const scaleDown = this.#random.next() < 0.4;
    const model = this.#models.get(name);
    this.#say(`stop process ${id}${scaleDown ? " and scale down" : ""}`);
    if (id === 99_999) {
      this.#refused("stop of no process", () => this.#manager.stopProcess(id, { scaleDown }));
      return;
    }
    const isMine = model !== undefined && this.#manager.info(name).processes.includes(id);
    if (isMine) model.commands++;
    if (scaleDown && isMine) model.close(slot);
    this.#follow(
      `stop process ${id} of ${name}`,
      isMine ? model : undefined,
      this.#manager.stopProcess(id, { scaleDown }),
    );
  };

  readonly #apply = (): void => {
    const wanted = names.filter(() => this.#random.next() < 0.6);
    const settings = wanted.map((name) => {
      const model = this.#models.get(name);
      return model !== undefined && this.#random.next() < 0.5 ? model.settings : this.#settings(name);
    });
    this.#say("apply", settings);
    for (const [name, model] of Array.from(this.#models)) if (!wanted.includes(name)) this.#forget(name, model);
    for (const one of settings) {
      const model = this.#models.get(one.name);
      if (model !== undefined) {
        model.commands++;
        model.update(one);
        continue;
      }
      const added = new JobModel(one);
      added.active = one.start === true;
      this.#models.set(one.name, added);
    }
    this.#follow("apply", undefined, this.#manager.applySession("default", settings));
  };

  readonly #commands: readonly ((name: string) => void)[] = [
    this.#load,
    this.#load,
    this.#load,
    this.#unload,
    (name) => {
      this.#unload(name);
      this.#load(name);
    },
    (name) =>
      this.#give("start", name, (model) => {
        model.active = true;
        return this.#manager.startJob(name);
      }),
    (name) =>
      this.#give("stop", name, (model) => {
        model.active = false;
        return this.#manager.stopJob(name);
      }),
    (name) =>
      this.#give("restart", name, (model) => {
        model.active = true;
        return this.#manager.restartJob(name);
      }),
    (name) =>
      this.#give("reload", name, (model) => {
        model.resize(model.settings.numprocesses ?? 1);
        return this.#manager.reload(name);
      }),
    (name) => {
      const settings = this.#settings(name);
      this.#say("new settings", settings);
      this.#give("update", name, (model) => {
        model.update(settings);
        return this.#manager.update(settings);
      });
    },
    (name) => this.#scale(name),
    this.#stopProcess,
    this.#stopProcess,
    (name) => this.#give("stop all of", name, () => this.#manager.stopall(name)),
    (name) => this.#give("manage", name, () => this.#manager.manage(name)),
    (name) =>
      this.#give("kill all of", name, () => {
        this.#manager.killall(name, this.#random.pick([1, 9, 15]));
        return undefined;
      }),
    (name) => {
      const { id } = this.#someProcess(name);
      const signal = this.#random.pick(["HUP", "KILL", 15]);
      this.#say(`send ${signal} to process ${id}`);
      const isRunning = id !== 99_999 && this.#manager.getProcess(id).active;
      if (isRunning) this.#manager.kill(id, signal);
      else this.#refused("kill", () => this.#manager.kill(id, signal));
    },
    (name) =>
      this.#give("commit", name, (model) => {
        model.committing = true;
        const graceMs = this.#random.pick([-1, 0, 300]);
        this.#manager.commit(name, graceMs < 0 ? undefined : graceMs);
        model.committing = false;
        return undefined;
      }),
    this.#apply,
  ];

  #scale(name: string): void {
    const by = this.#random.pick<number | string>([1, -1, "+2", "-2", "=0", "=2", "3", -7]);
    this.#give(`scale by ${by}`, name, (model) => {
      const n = Number(String(by).replace("=", ""));
      model.resize(Math.max(0, String(by).startsWith("=") ? n : model.numprocesses + n));
      const operation = this.#manager.scale(name, by);
      if (this.#depth === 0 && operation.result.numprocesses < 0) throw new Error("scaled below 0");
      return operation;
    });
  }

  /** Stops the manager; then all that must happen happens, in any order, until nothing is left. */
  async #end(): Promise<void> {
    this.#say("stop the manager");
    this.#depth = 1;
    this.#stopping = true;
    for (const model of this.#models.values()) {
      model.active = false;
      model.commands++;
    }
    const stop: Given = { what: "stop of the manager", model: undefined, answered: false, after: 0 };
    this.#given.add(stop);
    void this.#answer(stop, this.#manager.stop());
    this.#refused("load while it stops", () => this.#manager.load({ name: "late", cmd: "serve" }));
    if (this.#random.next() < 0.15) this.#manager.destroy();
    for (let patience = PATIENCE; !stop.answered || this.#host.living.length > 0; patience--) {
      this.#look();
      if (patience === 0) throw new Error(`stuck: ${this.#host.labels.join(" ")} will not end`);
      for (let turn = 0; turn < 12; turn++) await Promise.resolve();
      if (!this.#endStep()) throw new Error(`stuck: nothing can happen any more to ${this.#host.labels.join(" ")}`);
    }
    for (let turn = 0; turn < 12; turn++) await Promise.resolve();
    this.#look();
    this.#watch.checkEnd();
  }

  /** @returns whether there was anything that could happen. */
  #endStep(): boolean {
    const acts = this.#host.acts(false);
    if (acts.length > 0) {
      this.#act(acts);
      return true;
    }
    const waits = [this.#clock.nextInMs, this.#host.nextDeathInMs].filter((ms) => ms !== undefined);
    if (waits.length === 0) return this.#host.living.length === 0;
    const ms = Math.min(...waits);
    this.#say(`${ms} ms pass`);
    this.#clock.advance(ms);
    return true;
  }
}
