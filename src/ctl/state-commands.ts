import { GafferError } from "../base/gaffer-error.ts";
import type { DaemonClient } from "../client/daemon-client.ts";
import type { Command } from "../cli/command.ts";
import { waitFlags, waitSeconds } from "../cli/connection-flags.ts";
import { tellOutcome } from "../cli/connected-command.ts";
import type { ReportBody } from "../wire/report-body.ts";
import { type Outcome, runningOutcome, stoppedOutcome } from "../remote/tell-outcome.ts";
import { ctlCommand } from "./ctl-call.ts";
import { fullNameOf, jobPath } from "./target.ts";

type Report = Partial<ReportBody>;

/** What one of these commands does to one job. */
interface StateChange {
  readonly name: string;
  readonly summary: string;
  /** In words, once it is so. */
  readonly done: string;
  send(client: DaemonClient, path: string, wait: number | undefined): Promise<Report>;
  readonly tell: (name: string, done: string, report: Report) => Outcome;
}

const postState =
  (body: string) =>
  (client: DaemonClient, path: string, wait: number | undefined): Promise<Report> =>
    client.json<Report>(`${path}/state`, { method: "POST", body, wait });

const unloadJob = (client: DaemonClient, path: string, wait: number | undefined): Promise<Report> =>
  client.json<Report>(path, { method: "DELETE", wait });

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
    const jobs = args.map((word) => [fullNameOf(word), jobPath(word)] as const);
    const codes: number[] = [];
    for (const [name, path] of jobs) {
      const report = await change.send(client, path, waitSeconds(flags));
      codes.push(tellOutcome(change.tell(name, change.done, report)));
    }
    return Math.max(...codes);
  });
}

/** Starts a loaded job. */
export const startCommand: Command = stateCommand({
  name: "start",
  summary: "Start a loaded job",
  done: "started",
  send: postState("1"),
  tell: runningOutcome,
});

/** Stops a job; it stays loaded. */
export const stopCommand: Command = stateCommand({
  name: "stop",
  summary: "Stop a job; it stays loaded",
  done: "stopped",
  send: postState("0"),
  tell: stoppedOutcome,
});

/** Replaces the processes of a job one after the other. */
export const restartCommand: Command = stateCommand({
  name: "restart",
  summary: "Replace the processes of a job one after the other",
  done: "restarted",
  send: postState("3"),
  tell: runningOutcome,
});

/** Replaces all processes of a job at once, by as many as its settings say. */
export const reloadCommand: Command = stateCommand({
  name: "reload",
  summary: "Replace all processes of a job at once, by as many as its settings say",
  done: "reloaded",
  send: postState("2"),
  tell: runningOutcome,
});

/** Stops a job and forgets it. */
export const unloadCommand: Command = stateCommand({
  name: "unload",
  summary: "Stop a job and forget it",
  done: "unloaded",
  send: unloadJob,
  tell: stoppedOutcome,
});
