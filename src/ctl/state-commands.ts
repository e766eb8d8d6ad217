import { GafferError } from "../base/gaffer-error.ts";
import type { Change, ChangeOptions } from "../client/change.ts";
import { Job } from "../client/job.ts";
import type { Command } from "../cli/command.ts";
import { waitFlags, waitSeconds } from "../cli/connection-flags.ts";
import { tellOutcome } from "../cli/connected-command.ts";
import { type Outcome, runningOutcome, stoppedOutcome } from "../remote/tell-outcome.ts";
import { ctlCommand } from "./ctl-call.ts";

/** What one of these commands does to one job. */
interface StateChange {
  readonly name: string;
  readonly summary: string;
  /** In words, once it is so. */
  readonly done: string;
  readonly act: (job: Job, options: ChangeOptions) => Promise<Change>;
  readonly tell: (name: string, done: string, change: Change) => Outcome;
}

function stateCommand(change: StateChange): Command {
  const spec = {
    name: change.name,
    summary: change.summary,
    examples: [`gaffer ctl ${change.name} web`, `gaffer ctl ${change.name} shop.web shop.worker`],
    positionals: { name: "job…", description: "Jobs, session.job or job" },
    flags: waitFlags,
  } as const;
  return ctlCommand(spec, async ({ client, args, flags }) => {
    if (args.length === 0) throw new GafferError("usage", `Cannot ${change.name}: name a job`);
    // A name that can be none keeps the others from being touched.
    const jobs = args.map((word) => new Job(client, word));
    const codes: number[] = [];
    for (const job of jobs) {
      const came = await change.act(job, { wait: waitSeconds(flags) });
      codes.push(tellOutcome(change.tell(job.name, change.done, came)));
    }
    return Math.max(...codes);
  });
}

/** Starts a loaded job. */
export const startCommand: Command = stateCommand({
  name: "start",
  summary: "Start a loaded job",
  done: "started",
  act: (job, options) => job.start(options),
  tell: runningOutcome,
});

/** Stops a job; it stays loaded. */
export const stopCommand: Command = stateCommand({
  name: "stop",
  summary: "Stop a job; it stays loaded",
  done: "stopped",
  act: (job, options) => job.stop(options),
  tell: stoppedOutcome,
});

/** Replaces the processes of a job one after the other. */
export const restartCommand: Command = stateCommand({
  name: "restart",
  summary: "Replace the processes of a job one after the other",
  done: "restarted",
  act: (job, options) => job.restart(options),
  tell: runningOutcome,
});

/** Replaces all processes of a job at once, by as many as its settings say. */
export const reloadCommand: Command = stateCommand({
  name: "reload",
  summary: "Replace all processes of a job at once, by as many as its settings say",
  done: "reloaded",
  act: (job, options) => job.reload(options),
  tell: runningOutcome,
});

/** Stops a job and forgets it. */
export const unloadCommand: Command = stateCommand({
  name: "unload",
  summary: "Stop a job and forget it",
  done: "unloaded",
  act: (job, options) => job.unload(options),
  tell: stoppedOutcome,
});
