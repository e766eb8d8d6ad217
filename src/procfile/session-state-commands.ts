import { type DaemonClient, pathOf } from "../client/daemon-client.ts";
import { parseJobName } from "../base/job-name.ts";
import type { Command } from "../cli/command.ts";
import { tellOutcome } from "../cli/connected-command.ts";
import { waitFlags, waitSeconds } from "../cli/connection-flags.ts";
import type { ReportBody } from "../wire/report-body.ts";
import { type Outcome, runningOutcome, stoppedOutcome } from "../remote/tell-outcome.ts";
import { daemonCall } from "./daemon-call.ts";
import { namedJobs } from "./session-jobs.ts";

/** What one of these commands does to each job. */
interface StateChange {
  readonly name: string;
  readonly summary: string;
  /** What `POST …/state` is sent. */
  readonly state: string;
  readonly tell: (name: string, report: Partial<ReportBody>) => Outcome;
}

async function change(
  client: DaemonClient,
  name: string,
  { state, tell, wait }: StateChange & { wait: number | undefined },
) {
  const { session, job } = parseJobName(name);
  const path = `${pathOf("jobs", session, job)}/state`;
  return tell(name, await client.json<Partial<ReportBody>>(path, { method: "POST", body: state, wait }));
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
    const outcomes = await Promise.all(names.map((name) => change(client, name, { ...about, wait })));
    return Math.max(...outcomes.map(tellOutcome));
  });
}

/** `gaffer stop`. */
export const stopCommand: Command = stateCommand({
  name: "stop",
  summary: "Stop an application in a daemon, or jobs of it; they stay loaded",
  state: "0",
  tell: (name, report) => stoppedOutcome(name, "stopped", report),
});

/** `gaffer restart`. */
export const restartCommand: Command = stateCommand({
  name: "restart",
  summary: "Replace the processes of an application in a daemon, one after the other",
  state: "3",
  tell: (name, report) => runningOutcome(name, "restarted", report),
});
