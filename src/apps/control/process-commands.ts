import { Type } from "@sinclair/typebox";
import { GafferError } from "../../base/gaffer-error.ts";
import { processBody } from "../../wire/process-body.ts";
import { processStatsBody } from "../../wire/stats-body.ts";
import { withoutSecrets } from "./without-secrets.ts";
import { fields, processId, signal } from "./arguments.ts";
import { type Command, defineCommand } from "./command.ts";
import { okResult, processResult, processStatsResult, stopResult } from "./results.ts";

const byId = fields({ pid: processId });

/** What a process is. */
export const processInfo: Command = defineCommand({
  name: "process_info",
  summary: "Tell what a process is",
  permission: "read",
  args: byId,
  result: processResult,
  run: ({ manager, caller }, { pid }) => {
    const body = processBody(manager.getProcess(pid));
    return { body: withoutSecrets({ ...body }, caller.may("manage", body.name)) };
  },
});

/** What a process uses. */
export const processStats: Command = defineCommand({
  name: "process_stats",
  summary: "Tell what a process uses",
  permission: "read",
  args: byId,
  result: processStatsResult,
  run: async ({ manager, stats, totalMemoryBytes }, { pid }) => {
    const { osPid, active } = manager.getProcess(pid);
    const usage = osPid === undefined || !active ? undefined : (await stats([osPid])).get(osPid);
    // Gone meanwhile, or dead and not yet let go: no number is better than a stale one.
    if (usage === undefined)
      throw new GafferError("process_not_found", `Cannot tell stats of process ${pid}: it does not run`);
    return { body: { stats: processStatsBody(pid, usage, totalMemoryBytes) } };
  },
});

const stopArgs = fields({ pid: processId, scale_down: Type.Optional(Type.Boolean()) });

/** Stops a process; another takes its place unless its job is to have one less. */
export const stopProcess: Command = defineCommand({
  name: "stop_process",
  summary: "Stop a process; another takes its place unless its job is to have one less",
  permission: "manage",
  args: stopArgs,
  result: stopResult,
  hasEnd: true,
  run: ({ manager }, { pid, scale_down: scaleDown = false }) => {
    const { result, done } = manager.stopProcess(pid, { scaleDown });
    return { body: { ok: true, replaced: result }, done };
  },
});

const killArgs = fields({ pid: processId, signal });

/** Sends a signal to a process and its group. */
export const kill: Command = defineCommand({
  name: "kill",
  summary: "Send a signal to a process and its group",
  permission: "manage",
  args: killArgs,
  result: okResult,
  run: ({ manager }, args) => {
    manager.kill(args.pid, args.signal);
    return { body: { ok: true } };
  },
});

const sendArgs = fields({
  pid: processId,
  data: Type.Union([Type.String(), Type.Uint8Array()], { description: "it must be a text" }),
  stream: Type.Optional(Type.String()),
});

/** Writes to a process: all of it, or nothing. */
export const send: Command = defineCommand({
  name: "send",
  summary: "Write to a process: all of it, or nothing",
  permission: "write",
  args: sendArgs,
  result: okResult,
  run: ({ manager }, { pid, data, stream }) => {
    manager.send(pid, data, stream);
    return { body: { ok: true } };
  },
});
