import { expect, test } from "bun:test";
import { EventEmitter } from "node:events";
import { processSignals } from "../../../src/apps/signal-handler.ts";
import { GafferError } from "../../../src/base/gaffer-error.ts";
import { Procfile } from "../../../src/config/procfile.ts";
import {
  type ForegroundEvent,
  type ForegroundManager,
  type ForegroundRules,
  runInForeground,
} from "../../../src/procfile/foreground-run.ts";
import { planStart, type StartPlan } from "../../../src/procfile/start-plan.ts";
import { waitFor } from "../../support/wait-for.ts";

const plan: StartPlan = planStart(
  {
    procfile: Procfile.parse("a: x\nb: x\n"),
    settings: { uid: undefined, gid: undefined, redirectInput: new Set(), env: {} },
  },
  { jobs: [], concurrency: [], port: undefined, restart: true, json: false, timeout: undefined },
  { userPort: undefined, isTaken: (port) => port === 5000 },
);

/** A run on a manager that only notes what it is told; its stop ends when the test says so. */
class Run {
  readonly did: string[] = [];
  readonly signals = new EventEmitter();
  readonly code: Promise<number>;
  readonly stopped = Promise.withResolvers<void>();
  /** Whether its output was waited for as long as it has a reader. */
  patience: boolean | undefined;
  /** Lines that its reader does not take; then the wait ends by a signal, or once {@link stalled} does. */
  lost = 0;
  readonly stalled = Promise.withResolvers<void>();
  readonly closed = Promise.withResolvers<unknown>();
  #listener: ((topic: string, event: ForegroundEvent) => void) | undefined;

  constructor(rules: Partial<ForegroundRules> = {}, refusal?: GafferError) {
    const manager: ForegroundManager = {
      events: {
        subscribe: (_, listener) => {
          this.#listener = listener;
          return () => (this.#listener = undefined);
        },
      },
      start: ({ jobs }) => {
        this.did.push(`start ${jobs.length}`);
        if (refusal) throw refusal;
      },
      stop: () => {
        this.did.push("stop");
        return this.stopped.promise;
      },
      kill: () => void this.did.push("kill"),
      signal: (signal) => void this.did.push(`signal ${signal}`),
    };
    const ports = {
      manager,
      signals: processSignals(this.signals),
      outputClosed: this.closed.promise,
      flush: async ({ patient, signal }: { patient: boolean; signal: AbortSignal }) => {
        this.patience = patient;
        if (this.lost === 0) return 0;
        const { promise, resolve } = Promise.withResolvers<number>();
        signal.addEventListener("abort", () => resolve(this.lost));
        void this.stalled.promise.then(() => resolve(this.lost));
        return promise;
      },
      say: (line: string) => void this.did.push(`say ${line}`),
    };
    this.code = runInForeground(plan, { exitWithFirst: false, restarts: true, ...rules }, ports);
  }

  tell(event: ForegroundEvent): void {
    this.#listener?.(event.event, event);
  }

  get listens(): boolean {
    return this.#listener !== undefined || this.signals.eventNames().length > 0;
  }
}

const notice = "say port 5000 is taken, so PORT begins at 5100 (choose with -p)";
const stopping = (signal: string): string =>
  `say ${signal}: stopping everything, once more kills at once (Ctrl-C again)`;

test("runInForeground() goes on while processes end, and stops everything at a signal", async () => {
  const run = new Run();
  run.tell({ event: "exit", exit_code: 3 });
  run.tell({ event: "exit", exit_code: 3 });
  run.signals.emit("SIGINT");
  run.stopped.resolve();
  expect(await run.code).toBe(130);
  expect(run.did).toEqual([notice, "start 2", stopping("SIGINT"), "stop"]);
  expect(run.listens).toBe(false);
});

test("runInForeground() kills at a second signal, and waits for the stop all the same", async () => {
  const run = new Run();
  run.signals.emit("SIGTERM");
  run.signals.emit("SIGINT");
  await Promise.resolve();
  expect(run.did).toEqual([notice, "start 2", stopping("SIGTERM"), "say killing what is left", "kill", "stop"]);
  expect(run.listens).toBe(true);
  run.stopped.resolve();
  expect(await run.code).toBe(143);
});

test("runInForeground() takes SIGHUP for the end of its terminal", async () => {
  const run = new Run();
  run.signals.emit("SIGHUP");
  run.stopped.resolve();
  expect(await run.code).toBe(129);
});

test("runInForeground() passes SIGUSR1 and SIGUSR2 on", async () => {
  const run = new Run();
  run.signals.emit("SIGUSR1");
  run.signals.emit("SIGUSR2");
  run.signals.emit("SIGTERM");
  run.stopped.resolve();
  await run.code;
  expect(run.did.filter((what) => what.startsWith("signal"))).toEqual(["signal 10", "signal 12"]);
});

test.each<[ForegroundEvent, number]>([
  [{ event: "exit", exit_code: 0, term_signal: null }, 0],
  [{ event: "exit", exit_code: 5 }, 5],
  [{ event: "exit", exit_code: null, term_signal: 9 }, 137],
  [{ event: "spawn_failed", error_exit_code: 127 }, 127],
  [{ event: "spawn_failed" }, 1],
])("runInForeground() with --exit ends as the first process does: %j is %p", async (event, code) => {
  const run = new Run({ exitWithFirst: true });
  run.tell({ event: "spawn" });
  run.tell(event);
  run.tell({ event: "exit", exit_code: 99 });
  run.stopped.resolve();
  expect(await run.code).toBe(code);
  expect(run.did.at(-1)).toBe("stop");
});

test("runInForeground() with --no-restart ends when every process has, with the first failure", async () => {
  const run = new Run({ restarts: false });
  run.tell({ event: "exit", exit_code: 4 });
  expect(run.did).toEqual([notice, "start 2"]);
  run.tell({ event: "exit", exit_code: 0 });
  run.stopped.resolve();
  expect(await run.code).toBe(4);
});

test("runInForeground() stops what it started when a job is refused", async () => {
  const run = new Run({}, new GafferError("job_invalid", "Cannot load job"));
  run.stopped.resolve();
  expect(await run.code.catch((error: unknown) => error)).toMatchObject({ code: "job_invalid" });
  expect(run.did.at(-1)).toBe("stop");
  expect(run.listens).toBe(false);
});

test("runInForeground() stops everything when its output cannot be written to, and says why", async () => {
  const run = new Run();
  run.closed.resolve(new Error("ENOSPC"));
  run.stopped.resolve();
  expect(await run.code).toBe(1);
  expect(run.did.slice(-2)).toEqual(["say Cannot write to stdout, stopping everything: ENOSPC", "stop"]);
});

test("runInForeground() stops everything when nobody reads its output any more", async () => {
  const run = new Run();
  run.closed.resolve(undefined);
  run.stopped.resolve();
  expect(await run.code).toBe(0);
  expect(run.did.at(-1)).toBe("stop");
});

/** A run whose reader takes nothing, in its wait for it. */
async function flushing(lost: number, end: (run: Run) => void, rules: Partial<ForegroundRules> = {}): Promise<Run> {
  const run = new Run(rules);
  run.lost = lost;
  end(run);
  run.stopped.resolve();
  await waitFor(
    () => run.patience !== undefined,
    () => run.did.join(),
  );
  run.did.length = 0;
  return run;
}

const byItself = (run: Run): void => run.tell({ event: "exit", exit_code: 3 });

test("runInForeground() waits for a slow reader with patience when it ended by itself, with its code", async () => {
  const run = await flushing(0, byItself, { exitWithFirst: true });
  expect([await run.code, run.patience, run.did, run.listens]).toEqual([3, true, [], false]);
});

test("runInForeground() ends that wait at a signal, and says what is lost", async () => {
  const run = await flushing(7, byItself, { exitWithFirst: true });
  run.signals.emit("SIGTERM");
  const said = ["say 7 lines lost: a signal ended the wait for the reader of stdout"];
  expect([await run.code, run.patience, run.did, run.listens]).toEqual([143, true, said, false]);
});

test("runInForeground() that a signal ended has no such patience, and says what is lost", async () => {
  const run = await flushing(1, ({ signals }) => signals.emit("SIGINT"));
  run.stalled.resolve();
  const said = ["say 1 line lost: the reader of stdout took nothing for 5 s"];
  expect([await run.code, run.patience, run.did, run.listens]).toEqual([130, false, said, false]);
});

test("runInForeground() gives its reader up at a second signal, with the code of the first", async () => {
  const run = await flushing(2, ({ signals }) => signals.emit("SIGINT"));
  run.signals.emit("SIGTERM");
  const said = ["say 2 lines lost: a signal ended the wait for the reader of stdout"];
  expect([await run.code, run.patience, run.did]).toEqual([130, false, said]);
});
