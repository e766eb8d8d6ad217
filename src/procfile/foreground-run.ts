import { SigHandler, type SignalSource } from "../apps/signal-handler.ts";
import { signalName } from "../base/signals.ts";
import { shellCode } from "../manager/exit-status.ts";
import { LastWords } from "./last-words.ts";
import { StartOutcome } from "./start-outcome.ts";
import type { StartPlan } from "./start-plan.ts";

/** What a run reads of an event. */
export interface ForegroundEvent {
  /** Bare kind: `exit`, `spawn_failed` … */
  readonly event: string;
  readonly exit_code?: number | null | undefined;
  readonly term_signal?: number | null | undefined;
  /** Exit code of the error that kept it from being started. */
  readonly error_exit_code?: number | undefined;
}

/** Of the manager, what a run in the foreground needs. */
export interface ForegroundManager {
  readonly events: {
    /** @returns ends the subscription. */
    subscribe(pattern: string, listener: (topic: string, event: ForegroundEvent) => void): () => void;
  };
  /** Starts every job of the plan. */
  start(plan: StartPlan): void;
  /** Stops everything; ends when nothing is left. */
  stop(): Promise<void>;
  /** Kills everything now; what waits in {@link stop} goes on. */
  kill(): void;
  /** Sends a signal to every process. */
  signal(signal: number): void;
}

/** What {@link runInForeground} works with. */
export interface ForegroundPorts {
  readonly manager: ForegroundManager;
  /** Signals sent to us. */
  readonly signals: SignalSource;
  /** Ends when our output takes nothing any more: with undefined when its reader has gone, else with the error. */
  readonly outputClosed: Promise<unknown>;
  /**
   * Writes what waits for the reader of our output: a patient flush waits as long as there is one, else it ends when nothing is
   * taken for 5 s, or at the signal.
   *
   * @returns lines that were given up.
   */
  readonly flush: (how: { readonly patient: boolean; readonly signal: AbortSignal }) => Promise<number>;
  /** Talk for the user, a line at a time. */
  readonly say: (line: string) => void;
}

/** How the user wants the run to go. */
export interface ForegroundRules {
  /** End with the first process that ends. */
  readonly exitWithFirst: boolean;
  /** Whether what ends is started again. */
  readonly restarts: boolean;
}

/**
 * Runs a plan until it is over, and leaves nothing behind.
 *
 * @remarks The first SIGINT, SIGTERM, SIGQUIT or SIGHUP asks every process to stop, a second one kills what is left. SIGUSR1
 * and SIGUSR2 are passed on to every process, as foreman does. Output is waited for last: as long as it has a reader when the run
 * ended by itself, else for a bounded time; a signal meanwhile ends that at once.
 * @returns the exit code, as {@link StartOutcome} decides it.
 */
export async function runInForeground(
  plan: StartPlan,
  rules: ForegroundRules,
  ports: ForegroundPorts,
): Promise<number> {
  const { manager, signals, say } = ports;
  const total = plan.jobs.reduce((sum, { numprocesses }) => sum + numprocesses, 0);
  const outcome = new StartOutcome({ total, ...rules });
  const unsubscribe = manager.events.subscribe(".", (_topic, event) => {
    const code = endCode(event);
    if (code !== undefined) outcome.processEnded(code);
  });
  const last = new LastWords(ports);
  const handler = new SigHandler(signals, {
    quit: (signal) => {
      if (last.interrupt(signal)) return;
      say(`${signalName(signal)}: stopping everything, once more kills at once (Ctrl-C again)`);
      outcome.signalled(signal);
    },
    quitNow: (signal) => {
      if (last.interrupt(signal)) return;
      say("killing what is left");
      manager.kill();
    },
    forward: (signal) => manager.signal(signal),
  });
  handler.start();
  void endWithOutput(ports, outcome);
  for (const notice of plan.notices) say(notice);
  try {
    const code = await runToItsEnd(plan, manager, outcome);
    // Still under the handler: a signal must not end us without a word of the lines that are lost.
    return (await last.flush()) ?? code;
  } finally {
    handler.stop();
    unsubscribe();
  }
}

async function runToItsEnd(plan: StartPlan, manager: ForegroundManager, outcome: StartOutcome): Promise<number> {
  try {
    manager.start(plan);
    return await outcome.decided;
  } finally {
    // Also when a job was refused after others had been started.
    await manager.stop();
  }
}

async function endWithOutput({ outputClosed, say }: ForegroundPorts, outcome: StartOutcome): Promise<void> {
  const error = await outputClosed;
  if (error !== undefined) {
    say(`Cannot write to stdout, stopping everything: ${error instanceof Error ? error.message : "it failed"}`);
  }
  outcome.outputClosed(error !== undefined);
}

/** What a shell would say of a process that ended or could not be started; undefined = the event tells of neither. */
function endCode({
  event,
  exit_code: code,
  term_signal: signal,
  error_exit_code: failed,
}: ForegroundEvent): number | undefined {
  if (event === "spawn_failed") return failed ?? 1;
  if (event !== "exit") return undefined;
  return shellCode({ code: code ?? null, signal: signal ?? null });
}
