import { Type } from "@sinclair/typebox";
import { GafferError } from "../../base/gaffer-error.ts";
import { processBody } from "../../wire/process-body.ts";
import { processStatsBody } from "../../wire/stats-body.ts";
import { fields, processId, signal } from "./arguments.ts";
import { type Command, defineCommand } from "./command.ts";

const byId = fields({ pid: processId });

/** What a process is. */
export const processInfo: Command = defineCommand({
  name: "process_info",
  permission: "read",
  args: byId,
  run: ({ manager }, { pid }) => ({ body: { ...processBody(manager.getProcess(pid)) } }),
});

/** What a process uses. */
export const processStats: Command = defineCommand({
  name: "process_stats",
  permission: "read",
  args: byId,
  run: async ({ manager, stats, totalMemoryBytes }, { pid }) => {
    const { osPid } = manager.getProcess(pid);
    const usage = osPid === undefined ? undefined : (await stats([osPid])).get(osPid);
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
  permission: "manage",
  args: stopArgs,
  run: ({ manager }, { pid, scale_down: scaleDown = false }) => {
    const { result, done } = manager.stopProcess(pid, { scaleDown });
    return { body: { ok: true, replaced: result }, done };
  },
});

const killArgs = fields({ pid: processId, signal });

/** Sends a signal to a process and its group. */
export const kill: Command = defineCommand({
  name: "kill",
  permission: "manage",
  args: killArgs,
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
  permission: "write",
  args: sendArgs,
  run: ({ manager }, { pid, data, stream }) => {
    manager.send(pid, data, stream);
    return { body: { ok: true } };
  },
});
