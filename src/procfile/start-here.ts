import { ConsoleOutput } from "../apps/console-output.ts";
import { say } from "../cli/stdout.ts";
import { inheritableEnv } from "../host/child-environment.ts";
import { releaseStartupPages } from "../host/startup-pages.ts";
import { LocalHost } from "../host/local-host.ts";
import { openReactor } from "../host/open-reactor.ts";
import { StdoutWriter } from "../host/stdout-writer.ts";
import { systemClock } from "../host/system-clock.ts";
import type { Reactor } from "../host/reactor.ts";
import { Manager } from "../manager/manager.ts";
import { OutputHub } from "../output/output-hub.ts";
import { type ForegroundManager, type ForegroundRules, runInForeground } from "./foreground-run.ts";
import { ownSignals } from "./own-signals.ts";
import type { StartPlan } from "./start-plan.ts";

/** How long after its start a run gives back what only the start needed, in milliseconds. */
const CALM_MS = 1500;

/** How `gaffer start` shows and ends what it runs. */
export interface StartOptions extends ForegroundRules {
  readonly colour: boolean;
  readonly json: boolean;
}

/** The manager as a run in the foreground uses it. */
function foregroundOf(manager: Manager): ForegroundManager {
  return {
    events: manager.events,
    // All are checked before the first is started.
    start: ({ session, jobs }) => {
      manager.applySession(session, jobs);
    },
    stop: async () => {
      await manager.stop();
    },
    kill: () => manager.destroy(),
    signal: (signal) => {
      for (const name of manager.jobs()) manager.killall(name, signal);
    },
  };
}

const onError = (error: unknown): void => say(`gaffer: this is a bug in gaffer: ${describe(error)}\n`);

const describe = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

/** Names as the console shows them: for the width of its prefix. */
const processNames = ({ jobs }: StartPlan): string[] =>
  jobs.flatMap((config) => {
    const short = config.name.slice(config.name.indexOf(".") + 1);
    return config.numprocesses > 0 ? [`${short}.${config.numprocesses}`] : [];
  });

/**
 * Runs a plan here until it is over or stopped.
 *
 * @returns the exit code.
 */
export async function startHere(plan: StartPlan, options: StartOptions): Promise<number> {
  await using reactor: Reactor = openReactor();
  // Nobody reads late what a run in the foreground said.
  const hub = new OutputHub({ keptBytes: 0 });
  await using host = new LocalHost({ reactor, openOutput: (request, label) => hub.open(request, label) });
  const { promise: outputClosed, resolve: closed } = Promise.withResolvers<unknown>();
  await using writer = new StdoutWriter({ reactor, onClosed: closed });
  const env = inheritableEnv(process.env);
  const manager = new Manager({ host, clock: systemClock, env, cwd: process.cwd(), onError });
  const console = new ConsoleOutput({
    hub,
    writer,
    colorize: options.colour,
    json: options.json,
    names: processNames(plan),
  });
  await manager.start([console]);
  // By then the start is over; a run that ends sooner does not wait for it.
  setTimeout(releaseStartupPages, CALM_MS).unref();
  // Awaited here: what is used above is let go only then.
  return await runInForeground(plan, options, {
    manager: foregroundOf(manager),
    signals: ownSignals(),
    outputClosed,
    flush: (how) => writer.finish(how),
    say: (line) => say(`gaffer: ${line}\n`),
  });
}
