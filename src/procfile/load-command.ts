import { readFileSync } from "node:fs";
import { formatEndpoint } from "../base/endpoint.ts";
import { GafferError } from "../base/gaffer-error.ts";
import { fullName, parseJobName } from "../base/job-name.ts";
import { type DaemonClient, pathOf } from "../client/daemon-client.ts";
import type { Command } from "../cli/command.ts";
import { tellOutcome } from "../cli/connected-command.ts";
import { waitFlags, waitSeconds } from "../cli/connection-flags.ts";
import { print, say } from "../cli/stdout.ts";
import { loadJob, readJobFile } from "../remote/load-job.ts";
import { daemonCall } from "./daemon-call.ts";
import { planLoad } from "./load-plan.ts";
import { chooseSession } from "./session-choice.ts";

const spec = {
  name: "load",
  summary: "Load the Procfile into a daemon, and start it",
  examples: ["gaffer load", "gaffer load shop -c web=2", "gaffer load --nostart", "gaffer load jobs.json"],
  positionals: {
    name: "name|file.json|-",
    description: "Name of the application (else that of its folder); or jobs as JSON, - is stdin",
    most: 2,
  },
  flags: {
    concurrency: {
      type: "string",
      short: "c",
      value: "JOB=N[,…]",
      repeatable: true,
      description: "How many processes of each job; all=N for those not named",
    },
    port: { type: "port", short: "p", value: "PORT", description: "PORT of the first process (else one that is free)" },
    nostart: { type: "boolean", description: "Load only, start nothing" },
    ...waitFlags,
  },
} as const;

type Settings = Readonly<Record<string, unknown>>;

const isFile = (word: string): boolean => word === "-" || word.endsWith(".json");

/** Loads jobs one by one; those that are there already are left alone, and told. @returns the exit code */
async function loadAll(
  client: DaemonClient,
  {
    session,
    jobs,
    wait,
  }: { readonly session: string; readonly jobs: readonly Settings[]; readonly wait: number | undefined },
): Promise<number> {
  const where = formatEndpoint(client.endpoint);
  let code = 0;
  for (const job of jobs) {
    try {
      code = Math.max(code, tellOutcome(await loadJob(client, job, wait)));
    } catch (error) {
      if (!(error instanceof GafferError) || error.code !== "job_exists") throw error;
      say(`gaffer: ${String(job["name"])} is loaded already; gaffer reload applies what has changed\n`);
      code = 1;
    }
  }
  print(`==> ${session} has been loaded in ${where}\n`);
  return code;
}

/** `gaffer load`. */
export const loadCommand: Command = daemonCall(spec, async ({ client, args, flags, context }) => {
  const file = args.find(isFile);
  const names = args.filter((word) => word !== file);
  if (names.length > 1) throw new GafferError("usage", `Cannot load ${names.join(" and ")}: give one name`);
  const wait = waitSeconds(flags);
  if (file !== undefined) {
    const session = names[0] ?? "default";
    const jobs = readJobFile(file, (path) => readFileSync(path, "utf8")).map((job) => ({
      ...job,
      name: typeof job["name"] === "string" ? fullName(parseJobName(job["name"], session)) : job["name"],
      ...(flags.nostart && job["start"] === undefined ? { start: false } : {}),
    }));
    return loadAll(client, { session, jobs, wait });
  }
  const session = chooseSession(names[0], flags, context);
  const plan = await planLoad(client, { session, choice: flags }, context);
  for (const notice of plan.notices) say(`gaffer: ${notice}\n`);
  return loadAll(client, { session, jobs: plan.jobs.map((job) => ({ ...job, start: !flags.nostart })), wait });
});

const reloadSpec = {
  name: "reload",
  summary: "Make an application in a daemon what its Procfile says; only what changed is touched",
  examples: ["gaffer reload", "gaffer reload shop -c web=3"],
  positionals: { name: "name", description: "Name of the application (else that of its folder)", most: 1 },
  flags: { concurrency: spec.flags.concurrency, port: spec.flags.port, ...waitFlags },
} as const;

interface AppliedBody {
  readonly unchanged: readonly string[];
  readonly changed: readonly string[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly problems?: readonly { readonly label: string; readonly reason: string }[];
}

/** `gaffer reload`. */
export const reloadCommand: Command = daemonCall(reloadSpec, async ({ client, args, flags, context }) => {
  const session = chooseSession(args[0], flags, context);
  const plan = await planLoad(client, { session, choice: flags }, context);
  for (const notice of plan.notices) say(`gaffer: ${notice}\n`);
  const applied = await client.json<AppliedBody>(pathOf("sessions", session), {
    method: "PUT",
    body: { jobs: plan.jobs },
    wait: waitSeconds(flags),
  });
  for (const word of ["unchanged", "changed", "added", "removed"] as const) {
    for (const name of applied[word]) print(`${name} ${word}\n`);
  }
  const { problems = [] } = applied;
  for (const { label, reason } of problems) say(`gaffer: ${label} does not run: ${reason}\n`);
  return problems.length === 0 ? 0 : 1;
});

const unloadSpec = {
  name: "unload",
  summary: "Stop an application in a daemon and forget it",
  examples: ["gaffer unload", "gaffer unload shop"],
  positionals: { name: "name", description: "Name of the application (else that of its folder)", most: 1 },
  flags: waitFlags,
} as const;

/** `gaffer unload`. */
export const unloadCommand: Command = daemonCall(unloadSpec, async ({ client, args, flags, context }) => {
  const session = chooseSession(args[0], flags, context);
  const { jobs, killed = [] } = await client.json<{ jobs: string[]; killed?: string[] }>(pathOf("sessions", session), {
    method: "DELETE",
    wait: waitSeconds(flags),
  });
  const talk = killed.map((label) => `${label} had to be killed`);
  return tellOutcome({ line: `==> ${session} has been unloaded (${jobs.join(", ")})`, talk, exitCode: 0 });
});
