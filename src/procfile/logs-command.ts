import { LogLines } from "../apps/log-lines.ts";
import type { LogEntry } from "../base/log-record.ts";
import type { Command } from "../cli/command.ts";
import { logFlags } from "../cli/log-flags.ts";
import { print, say } from "../cli/stdout.ts";
import { untilInterrupted } from "../cli/until-interrupted.ts";
import { parseInstant } from "../config/instant.ts";
import { showLogs } from "../remote/read-logs.ts";
import { applicationFlags } from "./application-flags.ts";
import { daemonCall } from "./daemon-call.ts";
import { ownSession } from "./session-choice.ts";
import { namedJobs } from "./session-jobs.ts";

const spec = {
  name: "logs",
  summary: "Show what an application in a daemon said, and with -f what it says",
  examples: ["gaffer logs -f", "gaffer logs web worker --tail 20", "gaffer logs shop --since 5m"],
  positionals: { name: "app|job…", description: "Applications or jobs; without one, all of the project here" },
  // -f is what it is with every other command that follows.
  flags: {
    ...logFlags,
    procfile: { type: "string", value: "FILE", description: applicationFlags.procfile.description },
  },
} as const;

/** `gaffer logs`. */
export const logsCommand: Command = daemonCall(spec, async ({ client, args, flags, context, colour }) => {
  const session = ownSession(flags, context);
  const lines = new LogLines({ colorize: colour, json: flags.json, session });
  const jobs = await namedJobs(client, { words: args, choice: flags }, context);
  const since = flags.since === undefined ? undefined : parseInstant(flags.since, Date.now());
  const range = { jobs, tail: flags.tail, since, follow: flags.follow };
  const show = (entry: LogEntry): void => print(lines.of(entry));
  await showLogs(client, range, { show, say, run: untilInterrupted });
  return 0;
});
