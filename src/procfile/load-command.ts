import { readFileSync } from "node:fs";
import { formatEndpoint, isLocal } from "../base/endpoint.ts";
import { GafferError } from "../base/gaffer-error.ts";
import { fullName, parseJobName } from "../base/job-name.ts";
import { type DaemonClient, pathOf } from "../client/daemon-client.ts";
import type { Command } from "../cli/command.ts";
import { tellOutcome } from "../cli/connected-command.ts";
import { waitFlags, waitSeconds } from "../cli/connection-flags.ts";
import { print } from "../cli/stdout.ts";
import { loadJob, type JobObject, readJobFile, refuseLoaded } from "../remote/load-job.ts";
import { isReached, reportWords } from "../remote/report-words.ts";
import type { ReportBody } from "../wire/report-body.ts";
import type { JobBody } from "../wire/job-body.ts";
import { concurrencyFlag, readProcfile, readSettings } from "./application-flags.ts";
import { type DaemonCall, daemonCall } from "./daemon-call.ts";
import { listeningPorts } from "./listening-ports.ts";
import { planLoad } from "./load-plan.ts";
import { checkScripts } from "./script-check.ts";
import { chooseSession } from "./session-choice.ts";
import { sessionJobs } from "./session-jobs.ts";

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
    ...concurrencyFlag,
    port: { type: "port", short: "p", value: "PORT", description: "PORT of the first process (else one that is free)" },
    nostart: { type: "boolean", description: "Load only, start nothing" },
    ...waitFlags,
  },
} as const;

/** A command that plans, as it was called. */
type PlanCall = DaemonCall<Pick<typeof spec.flags, "concurrency" | "port" | "wait" | "no-wait">>;

const isFile = (word: string): boolean => word === "-" || word.endsWith(".json");

/** Loads jobs one by one. @returns the exit code */
async function loadEach(client: DaemonClient, jobs: readonly JobObject[], wait: number | undefined): Promise<number> {
  await refuseLoaded(client, jobs);
  let code = 0;
  for (const job of jobs) code = Math.max(code, tellOutcome(await loadJob(client, job, wait)));
  return code;
}

interface AppliedBody extends Partial<ReportBody> {
  readonly unchanged: readonly string[];
  readonly changed: readonly string[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** What is known of a daemon when an application is to be loaded or reloaded. */
async function planFor(
  call: PlanCall,
  session: string,
  start: boolean,
): Promise<{ loaded: boolean; jobs: JobObject[] }> {
  const { client, flags, context } = call;
  const procfile = readProcfile(flags, context);
  checkScripts(procfile, procfile.names());
  const settings = readSettings(flags, context, procfile.names());
  const { jobs: loaded } = await client.json<{ jobs: JobBody[] }>("/jobs", { query: { full: true } });
  // The ports of another machine can't be looked at from here.
  const listening = isLocal(client.endpoint) ? listeningPorts() : new Set<number>();
  const { concurrency, port } = flags;
  const jobs = planLoad(
    { procfile, settings },
    { session, concurrency, port, start },
    { userPort: context.env["PORT"], loaded, isListening: (one) => listening.has(one) },
  );
  return { jobs, loaded: loaded.some(({ name }) => name.startsWith(`${session}.`)) };
}

/** Makes a session what a Procfile says, all of it or nothing. */
const apply = (call: PlanCall, session: string, jobs: readonly JobObject[]): Promise<AppliedBody> =>
  call.client.json<AppliedBody>(pathOf("sessions", session), {
    method: "PUT",
    body: { jobs },
    wait: waitSeconds(call.flags),
  });

async function loadFile(
  call: PlanCall & { readonly nostart: boolean },
  file: string,
  session: string,
): Promise<number> {
  const jobs = readJobFile(file, (path) => readFileSync(path, "utf8")).map((job) => ({
    ...job,
    name: typeof job["name"] === "string" ? fullName(parseJobName(job["name"], session)) : job["name"],
    ...(call.nostart && job["start"] === undefined ? { start: false } : {}),
  }));
  return loadEach(call.client, jobs, waitSeconds(call.flags));
}

/** `gaffer load`. */
export const loadCommand: Command = daemonCall(spec, async (call) => {
  const { client, args, flags, context } = call;
  const file = args.find(isFile);
  const names = args.filter((word) => word !== file);
  if (names.length > 1) throw new GafferError("usage", `Cannot load ${names.join(" and ")}: give one name`);
  if (file !== undefined) return loadFile({ ...call, nostart: flags.nostart }, file, names[0] ?? "default");
  const session = chooseSession(names[0], flags, context);
  const plan = await planFor(call, session, !flags.nostart);
  if (plan.loaded) {
    const way = "gaffer reload applies what has changed, another name loads it once more";
    throw new GafferError("job_exists", `Cannot load application "${session}": it is loaded already (${way})`);
  }
  const applied = await apply(call, session, plan.jobs);
  for (const name of applied.added) print(`${name} has been loaded\n`);
  const { running } = applied;
  const count = running === undefined || flags.nostart ? "" : `, now running ${running}`;
  const line = `==> ${session} has been loaded in ${formatEndpoint(client.endpoint)}${count}`;
  return tellOutcome({ line, talk: reportWords(applied), exitCode: isReached(applied) ? 0 : 1 });
});

const reloadSpec = {
  name: "reload",
  summary: "Make an application in a daemon what its Procfile says; only what changed is touched",
  examples: ["gaffer reload", "gaffer reload shop -c web=3"],
  positionals: { name: "name", description: "Name of the application (else that of its folder)", most: 1 },
  flags: { ...concurrencyFlag, port: spec.flags.port, ...waitFlags },
} as const;

/** `gaffer reload`. */
export const reloadCommand: Command = daemonCall(reloadSpec, async (call) => {
  const { args, flags, context, client } = call;
  const session = chooseSession(args[0], flags, context);
  // Without it, a word mistyped would load an application anew.
  await sessionJobs(client, session);
  const { jobs } = await planFor(call, session, true);
  const applied = await apply(call, session, jobs);
  for (const word of ["unchanged", "changed", "added", "removed"] as const) {
    for (const name of applied[word]) print(`${name} ${word}\n`);
  }
  return tellOutcome({ line: "", talk: reportWords(applied), exitCode: isReached(applied) ? 0 : 1 });
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
