import { Job } from "../client/job.ts";
import { Server } from "../client/server.ts";
import type { Command } from "../cli/command.ts";
import { jsonFlag } from "../cli/connection-flags.ts";
import { shortDuration } from "../cli/duration.ts";
import { stateColour } from "../cli/state-colour.ts";
import { print } from "../cli/stdout.ts";
import { type Cell, renderTable } from "../cli/table.ts";
import type { JobBody, SlotBody } from "../wire/job-body.ts";
import { ctlCommand } from "./ctl-call.ts";

const spec = {
  name: "status",
  summary: "Show how every job stands; of one job, whether it is active or stopped",
  examples: ["gaffer ctl status", "gaffer ctl status web"],
  positionals: { name: "job", description: "Only whether this job is active", most: 1 },
  flags: jsonFlag,
} as const;

const HEAD = ["JOB", "STATE", "RUNNING", "PIDS", "UPTIME", "RESTARTS", "WHY"];
/** Most os pids that one line shows. */
const SHOWN_PIDS = 4;

function pidsOf(slots: readonly SlotBody[]): string {
  const pids = slots.flatMap((slot) => slot.os_pid ?? []);
  const more = pids.length > SHOWN_PIDS ? ` +${pids.length - SHOWN_PIDS}` : "";
  return pids.length === 0 ? "-" : pids.slice(0, SHOWN_PIDS).join(" ") + more;
}

/** Since when all that run have run: the youngest. */
function uptimeOf(slots: readonly SlotBody[]): string {
  const uptimes = slots.flatMap((slot) => (slot.state === "running" ? [slot.uptime] : []));
  return uptimes.length === 0 ? "-" : shortDuration(Math.min(...uptimes));
}

/** Why it is as it is, else how one of its processes ended last. */
function whyOf(slots: readonly SlotBody[]): string {
  const reason = slots.find((slot) => slot.reason !== "")?.reason;
  if (reason !== undefined) return reason;
  const last = slots.flatMap((slot) => slot.last_exit ?? []).toSorted((a, b) => b.time - a.time)[0];
  return last === undefined ? "" : `last exit: ${last.reason}, ${shortDuration((Date.now() - last.time) / 1000)} ago`;
}

/** One line of the table. */
export function statusRow({
  name,
  state,
  running,
  running_out: out,
  max_processes: wanted,
  slots,
}: JobBody): (string | Cell)[] {
  const restarts = slots.reduce((sum, slot) => sum + slot.restarts, 0);
  return [
    name,
    { text: state, colour: stateColour(state) },
    `${running - out}/${wanted}`,
    pidsOf(slots),
    uptimeOf(slots),
    String(restarts),
    whyOf(slots),
  ];
}

/** How every job stands, a line each. */
export const statusCommand: Command = ctlCommand(spec, async ({ client, args: [job], flags, colour }) => {
  if (job !== undefined) {
    const body = await new Job(client, job).info();
    print(flags.json ? `${JSON.stringify(body)}\n` : `${body.active ? "active" : "stopped"}\n`);
    return 0;
  }
  const jobs = await new Server(client).infos();
  print(flags.json ? `${JSON.stringify(jobs)}\n` : renderTable({ head: HEAD, rows: jobs.map(statusRow), colour }));
  return 0;
});
