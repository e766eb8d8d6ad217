import { Job } from "../client/job.ts";
import { Server } from "../client/server.ts";
import type { Command } from "../cli/command.ts";
import { jsonFlag } from "../cli/connection-flags.ts";
import type { CtlCall } from "./ctl-call.ts";
import { print } from "../cli/stdout.ts";
import type { JobBody } from "../wire/job-body.ts";
import { ctlCommand } from "./ctl-call.ts";
import { neededWord } from "./target.ts";

type Read = CtlCall<typeof jsonFlag>;

/** A command that prints one thing a line, or a JSON list. */
function listCommand(
  about: { readonly name: string; readonly summary: string; readonly takes?: { name: string; description: string } },
  read: (call: Pick<Read, "client" | "args">) => Promise<readonly (string | number)[]>,
): Command {
  const { name, summary, takes } = about;
  const spec = {
    name,
    summary,
    examples: [`gaffer ctl ${name}`],
    ...(takes === undefined ? {} : { positionals: { ...takes, most: 1 } }),
    flags: jsonFlag,
  };
  return ctlCommand(spec, async (call) => {
    const list = await read(call);
    if (call.flags.json) print(`${JSON.stringify(list)}\n`);
    else if (list.length > 0) print(`${list.join("\n")}\n`);
    return 0;
  });
}

/** Names of the jobs. */
export const jobsCommand: Command = listCommand(
  { name: "jobs", summary: "List the jobs", takes: { name: "session", description: "Only those of this session" } },
  ({ client, args: [session] }) => new Server(client).jobs(session),
);

/** Names of the sessions. */
export const sessionsCommand: Command = listCommand({ name: "sessions", summary: "List the sessions" }, ({ client }) =>
  new Server(client).sessions(),
);

/** Numbers of the processes. */
export const pidsCommand: Command = listCommand(
  {
    name: "pids",
    summary: "List the numbers of the processes",
    takes: { name: "job", description: "Only those of this job" },
  },
  ({ client, args: [job] }) => (job === undefined ? new Server(client).pids() : new Job(client, job).pids()),
);

/** One number of a job. */
function numberCommand(name: string, summary: string, pick: (job: JobBody) => number): Command {
  const spec = {
    name,
    summary,
    examples: [`gaffer ctl ${name} web`],
    positionals: { name: "job", description: "The job", most: 1 },
    flags: jsonFlag,
  } as const;
  return ctlCommand(spec, async ({ client, args }) => {
    const job = neededWord(args, { command: name, what: "a job" });
    print(`${pick(await new Job(client, job).info())}\n`);
    return 0;
  });
}

/** How many processes a job should have. */
export const numprocessesCommand: Command = numberCommand(
  "numprocesses",
  "Show how many processes a job should have",
  (job) => job.max_processes,
);

/** How many processes of a job run. */
export const runningCommand: Command = numberCommand(
  "running",
  "Show how many processes of a job run",
  (job) => job.running,
);

const processesSpec = {
  name: "processes",
  summary: "List the jobs, or the numbers of what runs",
  examples: ["gaffer ctl processes", "gaffer ctl processes --running"],
  flags: { ...jsonFlag, running: { type: "boolean", description: "The numbers of the processes that run" } },
} as const;

/** gaffer 0.4's name for the list of jobs. */
export const processesCommand: Command = ctlCommand(processesSpec, async ({ client, flags }) => {
  const server = new Server(client);
  const list = flags.running ? await server.pids() : await server.jobs();
  print(flags.json ? `${JSON.stringify(list)}\n` : list.map((one) => `${one}\n`).join(""));
  return 0;
});

/** `ping` and `version` of the daemon. */
function textCommand(name: "ping" | "version", summary: string): Command {
  const spec = { name, summary, examples: [`gaffer ctl ${name}`], flags: jsonFlag } as const;
  return ctlCommand(spec, async ({ client, flags }) => {
    const text = await (await client.send(`/${name}`)).text();
    const body: { version?: string } = name === "version" ? JSON.parse(text) : {};
    const asJson = name === "ping" ? JSON.stringify(text) : text;
    print(`${flags.json ? asJson : (body.version ?? text)}\n`);
    return 0;
  });
}

/** Whether the daemon answers. */
export const pingCommand: Command = textCommand("ping", "Ask whether the daemon answers");
/** The version of the daemon. */
export const versionCommand: Command = textCommand("version", "Show the version of the daemon");
