import { LogLines } from "../apps/log-lines.ts";
import type { Command } from "../cli/command.ts";
import { logFlags } from "../cli/log-flags.ts";
import { print, say } from "../cli/stdout.ts";
import { untilInterrupted } from "../cli/until-interrupted.ts";
import { parseInstant } from "../config/instant.ts";
import { followLogs, readLogs } from "../remote/read-logs.ts";
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
  const range = { jobs: args.map(fullNameOf), tail: flags.tail, since };
  if (!flags.follow) {
    for (const entry of await readLogs(client, range)) print(lines.of(entry));
    return 0;
  }
  await untilInterrupted((signal) =>
    followLogs(client, {
      ...range,
      signal,
      onEntry: (entry) => print(lines.of(entry)),
      onConnection: (isConnected) =>
        say(isConnected ? "gaffer: connected again\n" : "gaffer: the connection was lost, trying again\n"),
    }),
  );
  return 0;
});
