import type { Change, ChangeOptions } from "../client/change.ts";
import { Job } from "../client/job.ts";
import type { Command } from "../cli/command.ts";
import { tellOutcome } from "../cli/connected-command.ts";
import { waitFlags, waitSeconds } from "../cli/connection-flags.ts";
import { type Outcome, runningOutcome, stoppedOutcome } from "../remote/tell-outcome.ts";
import { daemonCall } from "./daemon-call.ts";
import { namedJobs } from "./session-jobs.ts";

/** What one of these commands does to each job. */
interface StateChange {
  readonly name: string;
  readonly summary: string;
  readonly act: (job: Job, options: ChangeOptions) => Promise<Change>;
  readonly tell: (name: string, change: Change) => Outcome;
}

function stateCommand(about: StateChange): Command {
  const spec = {
    name: about.name,
    summary: about.summary,
    examples: [`gaffer ${about.name}`, `gaffer ${about.name} web`, `gaffer ${about.name} shop`],
    positionals: { name: "app|job…", description: "Applications or jobs; without one, all of the project here" },
    flags: waitFlags,
  } as const;
  return daemonCall(spec, async ({ client, args, flags, context }) => {
    const names = await namedJobs(client, { words: args, choice: flags }, context);
    const wait = waitSeconds(flags);
    // All at once: an application stops as fast as its slowest job.
    const outcomes = await Promise.all(
      names.map(async (name) => about.tell(name, await about.act(new Job(client, name), { wait }))),
    );
    return Math.max(...outcomes.map(tellOutcome));
  });
}

/** `gaffer stop`. */
export const stopCommand: Command = stateCommand({
  name: "stop",
  summary: "Stop an application in a daemon, or jobs of it; they stay loaded",
  act: (job, options) => job.stop(options),
  tell: (name, report) => stoppedOutcome(name, "stopped", report),
});

/** `gaffer restart`. */
export const restartCommand: Command = stateCommand({
  name: "restart",
  summary: "Replace the processes of an application in a daemon, one after the other",
  act: (job, options) => job.restart(options),
  tell: (name, report) => runningOutcome(name, "restarted", report),
});
