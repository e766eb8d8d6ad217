import type { Clock } from "../../src/manager/clock.ts";
import { EventLog } from "../../src/manager/event-log.ts";
import { Job } from "../../src/manager/job.ts";
import { JobCatalog } from "../../src/manager/job-catalog.ts";
import { ManagedProcess } from "../../src/manager/managed-process.ts";
import type { HostProcess, ProcessHost, ProcessObserver } from "../../src/manager/process-host.ts";
import { RestartChain } from "../../src/manager/restart-chain.ts";
import { Settlement } from "../../src/manager/settlement.ts";
import { Slot } from "../../src/manager/slot.ts";
import type { HistoryOptions } from "./history.ts";

/** A mistake somebody could make in the manager, and that the simulation must notice. */
export interface PlantedBug {
  readonly name: string;
  /** Puts it in. @returns takes it out again */
  readonly plant?: () => () => void;
  /** What stands between the manager and its world while it is in. */
  readonly options?: HistoryOptions;
}

/** Replaces one method for as long as a bug is planted. */
function patch<Target extends object, Name extends keyof Target>(
  target: Target,
  name: Name,
  replacement: (original: Target[Name]) => Target[Name],
): () => void {
  const original = target[name];
  target[name] = replacement(original);
  return () => {
    target[name] = original;
  };
}

/** A host whose manager hears, and says, something else than what is so. */
function betweenHost(change: {
  readonly observer?: (observer: ProcessObserver) => Partial<ProcessObserver>;
  readonly process?: (process: HostProcess) => Partial<HostProcess>;
}): HistoryOptions {
  return {
    host: (host): ProcessHost => ({
      spawn(request, observer) {
        const heard: ProcessObserver = {
          spawned: (osPid, ageMs) => observer.spawned(osPid, ageMs),
          spawnFailed: (error) => observer.spawnFailed(error),
          exited: (status, survivors) => observer.exited(status, survivors),
          emptied: () => observer.emptied(),
          closed: () => observer.closed(),
          ...change.observer?.(observer),
        };
        const process = host.spawn(request, heard);
        return {
          signal: (signal) => process.signal(signal),
          signalLeader: (signal) => process.signalLeader(signal),
          destroy: () => process.destroy(),
          abandonOutput: () => process.abandonOutput(),
          write: (bytes, stream) => process.write(bytes, stream),
          endInput: () => process.endInput(),
          release: () => process.release(),
          ...change.process?.(process),
        };
      },
    }),
  };
}

const betweenClock = (change: (clock: Clock) => Partial<Clock>): HistoryOptions => ({
  clock: (clock) => ({
    monotonicMs: () => clock.monotonicMs(),
    wallMs: () => clock.wallMs(),
    after: (delayMs, callback) => clock.after(delayMs, callback),
    random: () => clock.random(),
    ...change(clock),
  }),
});

const nothing = (): void => undefined;

/** Every mistake that must be noticed. */
export const plantedBugs: readonly PlantedBug[] = [
  {
    name: "a slot is refilled when its leader is dead, not when all is gone",
    options: betweenHost({
      observer: (observer) => ({
        exited: (status) => {
          observer.exited(status, false);
          observer.emptied();
          observer.closed();
        },
        emptied: nothing,
        closed: nothing,
      }),
    }),
  },
  {
    name: "a slot is refilled while its output is still read",
    options: betweenHost({
      observer: (observer) => ({
        emptied: () => {
          observer.emptied();
          observer.closed();
        },
        closed: nothing,
      }),
    }),
  },
  {
    name: "what a dead leader left behind is not stopped",
    options: betweenHost({ observer: (observer) => ({ exited: (status) => observer.exited(status, false) }) }),
  },
  {
    name: "timers are not cancelled",
    options: betweenClock((clock) => ({
      after: (delayMs, callback) => {
        clock.after(delayMs, callback);
        return { cancel: nothing };
      },
    })),
  },
  {
    name: "a stop passes over a slot that waits for its next try",
    plant: () =>
      patch(
        Slot.prototype,
        "stop",
        (stop) =>
          function (this: Slot) {
            if (this.state !== "backoff") stop.call(this);
          },
      ),
  },
  {
    name: "detached processes are stopped with the manager",
    plant: () => patch(Slot.prototype, "release", () => () => false),
  },
  {
    name: "processes that are not detached are let go of, too",
    options: betweenHost({ process: (process) => ({ signal: () => process.release() }) }),
  },
  {
    name: "an interval is measured on the wall clock",
    options: betweenClock((clock) => ({ monotonicMs: () => clock.wallMs() })),
  },
  {
    name: "every event is told twice",
    plant: () =>
      patch(
        EventLog.prototype,
        "publish",
        (publish) =>
          function (this: EventLog, event) {
            publish.call(this, event);
            publish.call(this, event);
          },
      ),
  },
  {
    name: "an exit is told when it is half over",
    plant: () =>
      patch(
        Slot.prototype,
        "onExited",
        (onExited) =>
          function (this: Slot) {
            onExited.call(this);
            if (this.process !== undefined) this.onGone(this.process);
          },
      ),
  },
  {
    name: "an event is lost",
    plant: () =>
      patch(
        EventLog.prototype,
        "publish",
        (publish) =>
          function (this: EventLog, event) {
            if (event.seq % 7 !== 0) publish.call(this, event);
          },
      ),
  },
  {
    name: "a stop that was asked for counts as a restart",
    plant: () =>
      patch(
        Slot.prototype,
        "onGone",
        (onGone) =>
          function (this: Slot, process) {
            const wasStopped = this.state === "stopping";
            onGone.call(this, process);
            if (wasStopped) this.restarts++;
          },
      ),
  },
  {
    name: "a kill that was asked for is held back like a crash",
    plant: () =>
      patch(
        Job.prototype,
        "judge",
        (judge) =>
          function (this: Job, slot, life) {
            return judge.call(this, slot, { ...life, asked: false });
          },
      ),
  },
  {
    name: "scaling goes below zero",
    plant: () =>
      patch(
        Job.prototype,
        "resize",
        (resize) =>
          function (this: Job, count) {
            resize.call(this, count === 0 ? -1 : count);
          },
      ),
  },
  {
    name: "scaling up is forgotten when the job is stopped",
    plant: () =>
      patch(
        Job.prototype,
        "stop",
        (stop) =>
          function (this: Job) {
            stop.call(this);
            this.numprocesses = this.config.numprocesses;
          },
      ),
  },
  {
    name: "a second start starts a second process in the slot",
    plant: () =>
      patch(
        Slot.prototype,
        "start",
        (start) =>
          function (this: Slot) {
            this.process = undefined;
            start.call(this);
          },
      ),
  },
  {
    name: "a stopped slot is filled again",
    plant: () =>
      patch(
        Job.prototype,
        "wants",
        () =>
          function (slot) {
            return slot.open;
          },
      ),
  },
  {
    name: "a job takes the place of one that is still being unloaded",
    plant: () => patch(Job.prototype, "isOccupied", () => () => false),
  },
  {
    name: "the place that an unloaded job leaves is not taken",
    plant: () => patch(Job.prototype, "fill", () => nothing),
  },
  {
    name: "what is committed is not stopped with its job",
    plant: () =>
      patch(
        Job.prototype,
        "stop",
        () =>
          function (this: Job) {
            this.active = false;
            this.publish("stop", {});
            for (const slot of this.slots) slot.stop();
          },
      ),
  },
  {
    name: "an output that a stranger holds is never given up",
    options: betweenHost({ process: () => ({ abandonOutput: nothing }) }),
  },
  {
    name: "SIGKILL is never sent",
    options: betweenHost({ process: () => ({ destroy: nothing }) }),
  },
  {
    name: "the stop signal is never sent",
    options: betweenHost({ process: () => ({ signal: nothing }) }),
  },
  {
    name: "a stop before exec is confirmed is forgotten",
    plant: () =>
      patch(
        ManagedProcess.prototype,
        "stop",
        (stop) =>
          function (this: ManagedProcess) {
            if (this.osPid !== undefined) stop.call(this);
          },
      ),
  },
  {
    name: "a command is not answered",
    plant: () =>
      patch(
        Settlement.prototype,
        "settle",
        (settle) =>
          function (this: Settlement) {
            if (Math.abs(this.waiting - 2) > 0) settle.call(this);
          },
      ),
  },
  {
    name: "a stop is answered at once",
    plant: () => {
      const atRest = Object.getOwnPropertyDescriptor(Job.prototype, "atRest");
      Object.defineProperty(Job.prototype, "atRest", { configurable: true, get: () => true });
      return () => {
        if (atRest !== undefined) Object.defineProperty(Job.prototype, "atRest", atRest);
      };
    },
  },
  {
    name: "a restart one by one stops at its first slot",
    plant: () => patch(RestartChain.prototype, "onChange", () => nothing),
  },
  {
    name: "a pause never ends",
    plant: () => patch(Job.prototype, "onResume", () => nothing),
  },
  {
    name: "a job that keeps exiting is never told to flap",
    plant: () => patch(Job.prototype, "onFlap", () => nothing),
  },
  {
    name: "stop begins with every job at once",
    plant: () =>
      patch(
        Job.prototype,
        "freeze",
        () =>
          function (this: Job) {
            this.stop();
          },
      ),
  },
  {
    name: "a job that waits its turn to be stopped is filled again",
    plant: () => patch(Job.prototype, "freeze", () => nothing),
  },
  {
    name: "processes of unloaded jobs are not known",
    plant: () =>
      patch(
        JobCatalog.prototype,
        "pids",
        () =>
          function (this: JobCatalog) {
            return this.status.flatMap((job) => job.processes);
          },
      ),
  },
];
