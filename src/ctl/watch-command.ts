import { ConsolePrefixes } from "../apps/console-prefix.ts";
import { followEvents } from "../client/event-follower.ts";
import type { Command } from "../cli/command.ts";
import { jsonFlag } from "../cli/connection-flags.ts";
import { print, say } from "../cli/stdout.ts";
import type { GafferEvent } from "../manager/gaffer-event.ts";
import { ctlCommand } from "./ctl-call.ts";
import { untilInterrupted } from "../cli/until-interrupted.ts";

const spec = {
  name: "watch",
  summary: "Show what happens, as it happens",
  examples: ["gaffer ctl watch", "gaffer ctl watch job.default.web", "gaffer ctl watch exit --since 0"],
  positionals: {
    name: "pattern",
    description: "Topic or its beginning: exit, job.shop, proc.7; without one, everything",
    most: 1,
  },
  flags: {
    ...jsonFlag,
    since: { type: "string", value: "N|ID", description: "Begin after this event; 0 = all that is kept" },
  },
} as const;

/** What a feed says where events are missing. */
interface Gap {
  readonly missed: number | null;
  readonly reason: string;
}

/** `exit: exited with code 1, next try in 0.4 s`. */
function words({ event, os_pid: osPid, reason, retry_in: retryIn, numprocesses }: GafferEvent): string {
  const parts = [
    event === "spawn" && osPid !== undefined ? `pid ${osPid}` : reason,
    numprocesses === undefined ? undefined : `${numprocesses} processes`,
    retryIn === undefined ? undefined : `next try in ${retryIn.toFixed(1)} s`,
  ].filter((part) => part !== undefined && part !== "");
  return parts.length === 0 ? event : `${event}: ${parts.join(", ")}`;
}

const gapWords = ({ missed, reason }: Gap): string =>
  missed === null ? `events were missed: ${reason}` : `${missed} events were missed: ${reason}`;

/** Follows the events of a daemon, over its restarts. */
export const watchCommand: Command = ctlCommand(spec, async ({ client, args: [pattern], flags, colour }) => {
  const prefixes = new ConsolePrefixes({ colorize: colour, names: [] });
  const show = (event: GafferEvent): void => {
    const name = event.slot ? `${event.name}.${event.slot}` : event.name;
    const { bytes } = prefixes.of(name, event.time);
    print(`${Buffer.from(bytes).toString()}${words(event)}\n`);
  };
  await untilInterrupted((signal) =>
    followEvents(client, {
      path: "/events",
      query: () => ({ pattern, since: flags.since }),
      signal,
      onEvent: ({ event, data }) => {
        if (flags.json) return print(`${data}\n`);
        if (event === "gap") return say(`gaffer: ${gapWords(JSON.parse(data))}\n`);
        return show(JSON.parse(data));
      },
      onConnection: (isConnected) =>
        say(isConnected ? "gaffer: connected again\n" : "gaffer: the connection was lost, trying again\n"),
    }),
  );
  return 0;
});
