import { LogLines } from "../apps/log-lines.ts";
import type { LogEntry } from "../base/log-record.ts";
import type { Command } from "../cli/command.ts";
import { logFlags } from "../cli/log-flags.ts";
import { print, say } from "../cli/stdout.ts";
import { untilInterrupted } from "../cli/until-interrupted.ts";
import { parseInstant } from "../config/instant.ts";
import { showLogs } from "../remote/read-logs.ts";
import { ctlCommand } from "./ctl-call.ts";
import { fullNameOf } from "./target.ts";

const spec = {
  name: "logs",
  summary: "Show what jobs said, and with -f what they say",
  examples: ["gaffer ctl logs web", "gaffer ctl logs -f web worker", "gaffer ctl logs --tail 20 --since 5m"],
  positionals: { name: "job…", description: "Jobs; without one, all" },
  flags: logFlags,
} as const;

/** What jobs said, and say. */
export const logsCommand: Command = ctlCommand(spec, async ({ client, args, flags, colour }) => {
  const lines = new LogLines({ colorize: colour, json: flags.json });
  const since = flags.since === undefined ? undefined : parseInstant(flags.since, Date.now());
  const range = { jobs: args.map(fullNameOf), tail: flags.tail, since, follow: flags.follow };
  const show = (entry: LogEntry): void => print(lines.of(entry));
  await showLogs(client, range, { show, say, run: untilInterrupted });
  return 0;
});
