import type { DaemonClient } from "../client/daemon-client.ts";
import { Job } from "../client/job.ts";
import type { Command } from "../cli/command.ts";
import { jsonFlag } from "../cli/connection-flags.ts";
import { shortDuration } from "../cli/duration.ts";
import { print } from "../cli/stdout.ts";
import { type Cell, renderTable } from "../cli/table.ts";
import type { JobBody } from "../wire/job-body.ts";
import type { ProcessStatsBody } from "../wire/stats-body.ts";
import { stateColour } from "../cli/state-colour.ts";
import { daemonCall } from "./daemon-call.ts";
import { chooseSession } from "./session-choice.ts";
import { sessionJobs } from "./session-jobs.ts";

const spec = {
  name: "ps",
  summary: "Show the processes of an application in a daemon",
  examples: ["gaffer ps", "gaffer ps shop", "gaffer ps --json"],
  positionals: { name: "app", description: "Name of the application (else that of the folder here)", most: 1 },
  flags: jsonFlag,
} as const;

const HEAD = ["PROCESS", "STATE", "PID", "UPTIME", "CPU %", "RSS", "RESTARTS", "WHY"];

async function statsOf(client: DaemonClient, { name }: JobBody): Promise<ReadonlyMap<number, ProcessStatsBody>> {
  const { stats } = await new Job(client, name).stats();
  return new Map(stats.map((one) => [one.pid, one]));
}

function rowsOf({ name, slots }: JobBody, stats: ReadonlyMap<number, ProcessStatsBody>): (string | Cell)[][] {
  const short = name.slice(name.indexOf(".") + 1);
  return slots.map((slot) => {
    const usage = slot.pid === null ? undefined : stats.get(slot.pid);
    return [
      `${short}.${slot.slot}`,
      { text: slot.state, colour: stateColour(slot.state) },
      String(slot.os_pid ?? "-"),
      slot.state === "running" ? shortDuration(slot.uptime) : "-",
      usage === undefined ? "-" : usage.cpu.toFixed(1),
      usage === undefined ? "-" : usage.mem_info1,
      String(slot.restarts),
      slot.reason || (slot.last_exit === null ? "" : `last exit: ${slot.last_exit.reason}`),
    ];
  });
}

/** `gaffer ps`. */
export const psCommand: Command = daemonCall(spec, async ({ client, args, flags, context, colour }) => {
  const jobs = await sessionJobs(client, chooseSession(args[0], flags, context));
  const stats = await Promise.all(jobs.map((job) => statsOf(client, job)));
  if (flags.json) {
    const all = jobs.map((job, index) => ({ ...job, stats: [...(stats[index]?.values() ?? [])] }));
    print(`${JSON.stringify(all)}\n`);
    return 0;
  }
  const rows = jobs.flatMap((job, index) => rowsOf(job, stats[index] ?? new Map()));
  print(renderTable({ head: HEAD, rows, colour }));
  return 0;
});
