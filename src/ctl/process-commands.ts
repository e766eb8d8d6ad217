import { GafferError } from "../base/gaffer-error.ts";
import { Job } from "../client/job.ts";
import { RemoteProcess } from "../client/remote-process.ts";
import type { Command } from "../cli/command.ts";
import { jsonFlag, waitFlags, waitSeconds } from "../cli/connection-flags.ts";
import { print } from "../cli/stdout.ts";
import { stoppedOutcome } from "../remote/tell-outcome.ts";
import { ctlCommand } from "./ctl-call.ts";
import { tellOutcome } from "../cli/connected-command.ts";
import { neededWord, resolveProcess, resolveTarget } from "./target.ts";

function signalCommand(name: "kill" | "killall", summary: string): Command {
  const spec = {
    name,
    summary,
    examples: [`gaffer ctl ${name} web HUP`],
    positionals: {
      name: "job|pid signal",
      description: "What to signal, and by which signal: HUP, SIGUSR1, 15",
      most: 2,
    },
    flags: {},
  } as const;
  return ctlCommand(spec, async ({ client, args: [word, signal] }) => {
    if (word === undefined || signal === undefined) {
      throw new GafferError("usage", `Cannot ${name}: name what to signal, and the signal`);
    }
    const found = await resolveTarget(client, word);
    const target = found.kind === "process" ? new RemoteProcess(client, found.id) : new Job(client, found.name);
    await target.kill(signal);
    print("ok\n");
    return 0;
  });
}

/** Sends a signal to a process or to those of a job. */
export const killCommand: Command = signalCommand("kill", "Send a signal to a process, or to those of a job");
/** The same; gaffer 0.5's name for a whole job. */
export const killallCommand: Command = signalCommand("killall", "Send a signal to every process of a job");

const stopSpec = {
  name: "stop_process",
  summary: "Stop one process; another takes its place",
  examples: ["gaffer ctl stop_process 3", "gaffer ctl stop_process web.2 --scale-down"],
  positionals: { name: "pid", description: "Number of the process, or job.slot", most: 1 },
  flags: { ...waitFlags, "scale-down": { type: "boolean", description: "Have one less instead" } },
} as const;

/** Stops one process. */
export const stopProcessCommand: Command = ctlCommand(stopSpec, async ({ client, args, flags }) => {
  const id = await resolveProcess(client, neededWord(args, { command: "stop_process", what: "a process" }));
  const stopping = { scaleDown: flags["scale-down"], wait: waitSeconds(flags) };
  const report = await new RemoteProcess(client, id).stop(stopping);
  const outcome = stoppedOutcome(
    `process ${id}`,
    report.replaced ? "stopped, another takes its place" : "stopped",
    report,
  );
  return tellOutcome({ ...outcome, exitCode: 0 });
});

const commitSpec = {
  name: "commit",
  summary: "Run one more process of a job, once",
  examples: ["gaffer ctl commit web", "gaffer ctl commit web -e MODE=once"],
  positionals: { name: "job", description: "The job", most: 1 },
  flags: {
    ...jsonFlag,
    ...waitFlags,
    env: { type: "string", short: "e", value: "NAME=VALUE", repeatable: true, description: "Environment of it" },
    timeout: { type: "seconds", short: "t", value: "SECONDS", description: "How long its stop waits before it kills" },
  },
} as const;

/** Runs one more process of a job, once; prints its number. */
export const commitCommand: Command = ctlCommand(commitSpec, async ({ client, args, flags }) => {
  const job = neededWord(args, { command: "commit", what: "a job" });
  const pairs = flags.env.map((pair) => {
    const cut = pair.indexOf("=");
    if (cut < 1) throw new GafferError("usage", `Cannot use -e ${JSON.stringify(pair)}: write NAME=VALUE`);
    return [pair.slice(0, cut), pair.slice(cut + 1)] as const;
  });
  const once = { env: Object.fromEntries(pairs), gracefulTimeout: flags.timeout, wait: waitSeconds(flags) };
  const { pid } = await new Job(client, job).commit(once);
  print(flags.json ? `${JSON.stringify({ pid })}\n` : `${pid}\n`);
  return 0;
});

const sendSpec = {
  name: "send",
  summary: "Write a line to the stdin of a process",
  examples: ["gaffer ctl send echo hello", "gaffer ctl send 3 - < input.txt"],
  positionals: {
    name: "pid data…",
    description: "The process (number, job.slot, or a job of one), and what to write; - is our stdin",
  },
  flags: { stream: { type: "string", short: "s", value: "LABEL", description: "A custom stream instead of stdin" } },
} as const;

/** Pieces of at most this size are whole or refused. */
const PIECE_BYTES = 65_536;
/** First and longest wait for a process that reads slowly, in milliseconds. */
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [5, 200];

type Send = (data: string | Uint8Array) => Promise<void>;

/** Writes all of our stdin, as fast as the process reads. */
async function sendStdin(send: Send): Promise<void> {
  for await (const chunk of Bun.stdin.stream()) {
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      await sendPatiently(send, chunk.slice(at, at + PIECE_BYTES));
    }
  }
}

async function sendPatiently(send: Send, data: Uint8Array): Promise<void> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      await send(data);
      return;
    } catch (error) {
      if (!(error instanceof GafferError) || error.code !== "input_full") throw error;
    }
    await Bun.sleep(pauseMs);
  }
}

/** Writes to a process. */
export const sendCommand: Command = ctlCommand(sendSpec, async ({ client, args: [word, ...data], flags }) => {
  if (word === undefined || data.length === 0)
    throw new GafferError("usage", "Cannot send: name a process, and what to write");
  const id = await resolveProcess(client, word);
  const target = new RemoteProcess(client, id);
  const send: Send = (bytes) => target.write(bytes, flags.stream);
  if (data.length === 1 && data[0] === "-") await sendStdin(send);
  else await send(`${data.join(" ")}\n`);
  return 0;
});

const shutdownSpec = {
  name: "shutdown",
  summary: "Stop every job, then the daemon",
  examples: ["gaffer ctl shutdown"],
  flags: waitFlags,
} as const;

/** Stops every job, then the daemon; returns when it has gone. */
export const shutdownCommand: Command = ctlCommand(shutdownSpec, async ({ client, flags }) => {
  // A feed of the daemon's ends with it: that is how its end is seen.
  const feed = flags["no-wait"] ? undefined : await client.send("/events");
  await client.send("/shutdown", { method: "POST" });
  const reader = feed?.body?.getReader();
  const { promise: late, resolve } = Promise.withResolvers<"late">();
  const timer = flags.wait === undefined ? undefined : setTimeout(() => resolve("late"), flags.wait * 1000);
  const gone = (async () => {
    // A connection that is cut is an end, too.
    for (let end = reader === undefined; !end;) end = (await reader?.read().catch(() => undefined))?.done !== false;
  })();
  const isLate = (await Promise.race([gone, late])) === "late";
  clearTimeout(timer);
  await reader?.cancel().catch(() => undefined);
  if (isLate)
    throw new GafferError("stop_timeout", `Cannot tell the end: the daemon has not stopped in ${flags.wait} s`);
  print(flags["no-wait"] ? "the daemon is stopping\n" : "the daemon has stopped\n");
  return 0;
});
