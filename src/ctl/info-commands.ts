import { GafferError } from "../base/gaffer-error.ts";
import { Job } from "../client/job.ts";
import { RemoteProcess } from "../client/remote-process.ts";
import { Server } from "../client/server.ts";
import type { Command } from "../cli/command.ts";
import { jsonFlag } from "../cli/connection-flags.ts";
import { shortDuration } from "../cli/duration.ts";
import { print } from "../cli/stdout.ts";
import { renderTable } from "../cli/table.ts";
import type { JobBody } from "../wire/job-body.ts";
import type { ProcessStatsBody } from "../wire/stats-body.ts";
import { ctlCommand } from "./ctl-call.ts";
import { neededWord, resolveTarget } from "./target.ts";

const target = { name: "job|pid", description: "A job, the number of a process, or job.slot", most: 1 } as const;

const shown = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** Everything an object says, a line each. */
const lines = (body: object): string =>
  Object.entries(body)
    .map(([name, value]) => `${name}: ${shown(value)}\n`)
    .join("");

function slotTable({ slots }: JobBody, colour: boolean): string {
  const rows = slots.map((slot) => [
    String(slot.slot),
    slot.state,
    String(slot.pid ?? "-"),
    String(slot.os_pid ?? "-"),
    slot.state === "running" ? shortDuration(slot.uptime) : "-",
    String(slot.restarts),
    slot.reason || (slot.last_exit?.reason ?? ""),
  ]);
  return renderTable({ head: ["SLOT", "STATE", "PID", "OS PID", "UPTIME", "RESTARTS", "WHY"], rows, colour });
}

const infoSpec = {
  name: "info",
  summary: "Show everything about a job or a process",
  examples: ["gaffer ctl info web", "gaffer ctl info 3", "gaffer ctl info web.2"],
  positionals: target,
  flags: jsonFlag,
} as const;

/** Everything about a job or a process. */
export const infoCommand: Command = ctlCommand(infoSpec, async ({ client, args: [word], flags, colour }) => {
  if (word === undefined) throw new GafferError("usage", "Cannot show info: name a job or a process");
  const found = await resolveTarget(client, word);
  if (found.kind === "process") {
    const process = await new RemoteProcess(client, found.id).info();
    print(flags.json ? `${JSON.stringify(process)}\n` : lines(process));
    return 0;
  }
  const job = await new Job(client, found.name).info();
  if (flags.json) {
    print(`${JSON.stringify(job)}\n`);
    return 0;
  }
  const { slots: _slots, config, ...rest } = job;
  print(`${lines(rest)}\n${slotTable(job, colour)}\n${lines(config)}`);
  return 0;
});

const getSpec = {
  name: "get_process",
  summary: "Show the settings of a job as JSON",
  examples: ["gaffer ctl get_process web"],
  positionals: { name: "job", description: "The job", most: 1 },
  flags: jsonFlag,
} as const;

/** The settings of a job, as they can be loaded again. */
export const getProcessCommand: Command = ctlCommand(getSpec, async ({ client, args }) => {
  const job = neededWord(args, { command: "get_process", what: "a job" });
  const config = await new Job(client, job).config();
  print(`${JSON.stringify(config, null, 2)}\n`);
  return 0;
});

const statsSpec = {
  name: "stats",
  summary: "Show what the processes use",
  examples: ["gaffer ctl stats", "gaffer ctl stats web", "gaffer ctl stats 3"],
  positionals: { ...target, description: `${target.description}; without one, all jobs` },
  flags: jsonFlag,
} as const;

const statsRow = (name: string, one: ProcessStatsBody): string[] => [
  name,
  String(one.pid),
  String(one.os_pid),
  one.cpu.toFixed(1),
  one.mem.toFixed(1),
  one.mem_info1,
  one.ctime,
  one.username,
  one.cmdline,
];

/** What the processes use. */
export const statsCommand: Command = ctlCommand(statsSpec, async ({ client, args: [word], flags, colour }) => {
  const found = word === undefined ? undefined : await resolveTarget(client, word);
  if (found?.kind === "process") {
    const stats = await new RemoteProcess(client, found.id).stats();
    print(flags.json ? `${JSON.stringify(stats)}\n` : lines(stats));
    return 0;
  }
  const names = found === undefined ? await new Server(client).jobs() : [found.name];
  const all = await Promise.all(names.map((name) => new Job(client, name).stats()));
  if (flags.json) {
    print(`${JSON.stringify(found === undefined ? all : all[0])}\n`);
    return 0;
  }
  const head = ["JOB", "PID", "OS PID", "CPU %", "MEM %", "RSS", "TIME", "USER", "COMMAND"];
  print(renderTable({ head, rows: all.flatMap(({ name, stats }) => stats.map((one) => statsRow(name, one))), colour }));
  return 0;
});
