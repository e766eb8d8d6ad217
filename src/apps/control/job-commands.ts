import { Type } from "@sinclair/typebox";
import { permit } from "../../base/caller.ts";
import { GafferError } from "../../base/gaffer-error.ts";
import { DEFAULT_SESSION, fullName, parseJobName } from "../../base/job-name.ts";
import { describeJob } from "../../manager/job-fields.ts";
import { readJobFields } from "../../manager/job-reader.ts";
import type { JobSettings } from "../../manager/job-settings.ts";
import type { ProcessInfo } from "../../manager/job-status.ts";
import type { Manager } from "../../manager/manager.ts";
import { jobBody } from "../../wire/job-body.ts";
import { type JobStatsBody, jobStatsBody, processStatsBody } from "../../wire/stats-body.ts";
import { withoutSecrets } from "./without-secrets.ts";
import { fields, jobName, jobObject, namedJobObject, sessionName, signal, variables } from "./arguments.ts";
import { checkSession } from "./check-session.ts";
import { commitReport } from "./commit-report.ts";
import { sessionTarget } from "./command-target.ts";
import { type Command, type ControlPorts, defineCommand, type Outcome } from "./command.ts";
import {
  allJobsResult,
  allStatsResult,
  commitResult,
  jobResult,
  jobStatsResult,
  loadResult,
  numprocessesResult,
  okResult,
  pidsResult,
  scaleResult,
} from "./results.ts";

const byName = fields({ name: jobName });

/** A command on one job that only sets something off. */
const onJob = (
  name: string,
  summary: string,
  act: (manager: Manager, job: string) => { readonly done: NonNullable<Outcome["done"]> },
): Command =>
  defineCommand({
    name,
    summary,
    permission: "manage",
    args: byName,
    result: okResult,
    hasEnd: true,
    run: ({ manager }, args) => ({ body: { ok: true }, done: act(manager, args.name).done }),
  });

/** Names of the jobs, in load order; `full` gives how each stands. */
const listArgs = fields({ full: Type.Optional(Type.Boolean()) });

/** All jobs. */
export const jobs: Command = defineCommand({
  name: "jobs",
  summary: "Names of all jobs, in load order; with full, how each stands",
  permission: "manage",
  args: listArgs,
  result: allJobsResult,
  // Who may manage all may see all.
  run: ({ manager }, { full = false }) => ({
    body: { jobs: full ? manager.status.map((status) => jobBody(status, describeJob)) : manager.jobs() },
  }),
});

const loadArgs = fields({
  session: Type.Optional(sessionName),
  job: jobObject,
  start: Type.Optional(Type.Boolean()),
});

/** The settings that an object holds, under a name of the session that was asked for. */
function readJob(job: Record<string, unknown>, session: string | undefined): JobSettings {
  const settings = readJobFields(job, session === undefined ? {} : { session });
  const parsed = parseJobName(settings.name, session);
  if (session !== undefined && parsed.session !== session) {
    throw new GafferError(
      "bad_request",
      `Cannot load job "${settings.name}": it is to be of session "${session}", and names another`,
    );
  }
  return { ...settings, name: fullName(parsed) };
}

/** A job is loaded by who may manage its session: its own name is not there yet. */
function loadTarget(session: string | undefined, name: unknown): string {
  if (session !== undefined || typeof name !== "string") return session ?? DEFAULT_SESSION;
  return sessionTarget({ name });
}

/** Takes a job in, and starts it unless it says otherwise. */
export const load: Command = defineCommand({
  name: "load",
  summary: "Take a job in, and start it unless it says otherwise",
  permission: "manage",
  args: loadArgs,
  result: loadResult,
  hasEnd: true,
  target: ({ session, job }) => loadTarget(session, job["name"]),
  run: ({ manager }, { session, job, start }) => {
    if (session !== undefined) checkSession(session);
    const { result, done } = manager.load(readJob(job, session), start === undefined ? {} : { start });
    return { body: { ok: true, name: result }, done };
  },
});

const updateArgs = fields({ name: jobName, job: namedJobObject, start: Type.Optional(Type.Boolean()) });

/** Takes a job's new settings; only what changed is touched. */
export const update: Command = defineCommand({
  name: "update",
  summary: "Give a job new settings; only what changed is touched",
  permission: "manage",
  args: updateArgs,
  result: okResult,
  hasEnd: true,
  run: ({ manager }, { name, job, start }) => {
    const own = parseJobName(name);
    const settings = readJob({ name: own.job, ...job }, own.session);
    if (settings.name !== fullName(own)) {
      throw new GafferError(
        "bad_request",
        `Cannot update job "${fullName(own)}": the settings name "${settings.name}"`,
      );
    }
    const { done } = manager.update(settings, { start: start ?? settings.start ?? true });
    return { body: { ok: true }, done };
  },
});

/** How a job stands. */
export const info: Command = defineCommand({
  name: "info",
  summary: "Tell how a job stands",
  permission: "read",
  args: byName,
  result: jobResult,
  run: ({ manager, caller }, { name }) => {
    const body = jobBody(manager.info(name), describeJob);
    return { body: { ...body, config: withoutSecrets(body.config, caller.may("manage", body.name)) } };
  },
});

/** Frees a job's name at once and stops what ran. */
export const unload: Command = onJob("unload", "Free a job's name at once and stop what ran", (manager, name) =>
  manager.unload(name),
);
/** Replaces all processes of a job. */
export const reload: Command = onJob("reload", "Replace all processes of a job", (manager, name) =>
  manager.reload(name),
);
/** Starts a loaded job. */
export const startJob: Command = onJob("start_job", "Start a loaded job", (manager, name) => manager.startJob(name));
/** Stops a job; it stays loaded. */
export const stopJob: Command = onJob("stop_job", "Stop a job; it stays loaded", (manager, name) =>
  manager.stopJob(name),
);
/** Replaces the processes of a job one after the other. */
export const restartJob: Command = onJob(
  "restart_job",
  "Replace the processes of a job one after the other",
  (manager, name) => manager.restartJob(name),
);

/** Stops every process of a job; each is replaced as it goes. */
export const stopAll: Command = onJob(
  "stopall",
  "Stop every process of a job; each is replaced as it goes",
  (manager, name) => manager.stopall(name),
);

const scaleArgs = fields({
  name: jobName,
  scale: Type.Union([Type.Integer(), Type.String()], {
    description: 'it must be a number to add, or a text such as "+2", "-1", "=3"',
  }),
});

/** Changes how many processes a job should have. */
export const scale: Command = defineCommand({
  name: "scale",
  summary: "Change how many processes a job should have",
  permission: "manage",
  args: scaleArgs,
  result: scaleResult,
  hasEnd: true,
  run: ({ manager }, args) => {
    const { result, done } = manager.scale(args.name, args.scale);
    return { body: { ...result }, done };
  },
});

/** How many processes a job should have. */
export const numprocesses: Command = defineCommand({
  name: "numprocesses",
  summary: "Tell how many processes a job should have",
  permission: "read",
  args: byName,
  result: numprocessesResult,
  run: ({ manager }, { name }) => ({ body: { numprocesses: manager.info(name).maxProcesses } }),
});

const commitArgs = fields({
  name: jobName,
  graceful_timeout: Type.Optional(
    Type.Union([Type.Number({ minimum: 0 }), Type.Null()], { description: "it must be a number of seconds" }),
  ),
  env: Type.Optional(variables),
});

/** Runs one process of a job once. */
export const commit: Command = defineCommand({
  name: "commit",
  summary: "Run one process of a job once, beside its slots",
  permission: "manage",
  args: commitArgs,
  result: commitResult,
  hasEnd: true,
  target: sessionTarget,
  run: ({ manager }, { name, graceful_timeout: seconds, env }) => {
    // 0 and nothing mean the job's own, as in gaffer 0.5.
    const timeoutMs = seconds ? seconds * 1000 : undefined;
    const before = manager.seq;
    const pid = manager.commit(name, timeoutMs, env);
    return { body: { ok: true, pid }, done: commitReport(manager, pid, before) };
  },
});

const killArgs = fields({ name: jobName, signal });

/** Sends a signal to every process of a job. */
export const killall: Command = defineCommand({
  name: "killall",
  summary: "Send a signal to every process of a job",
  permission: "manage",
  args: killArgs,
  result: okResult,
  run: ({ manager }, args) => {
    manager.killall(args.name, args.signal);
    return { body: { ok: true } };
  },
});

const pidsArgs = fields({ name: Type.Optional(jobName) });

/** Numbers of the processes of a job, or of all there are. */
export const pids: Command = defineCommand({
  name: "pids",
  summary: "Numbers of the processes of a job, or, for who manages everything, of all there are",
  permission: "read",
  args: pidsArgs,
  result: pidsResult,
  run: ({ manager, caller }, { name }) => {
    if (name === undefined) permit(caller, { permission: "manage", what: "list all processes" });
    return { body: { pids: manager.pids(name) } };
  },
});

/** What the processes of a job use. */
export const stats: Command = defineCommand({
  name: "stats",
  summary: "Tell what the processes of a job use",
  permission: "read",
  args: byName,
  result: jobStatsResult,
  run: async (ports, { name }) => {
    const [body] = await statsOf(ports, [name]);
    return { body: { ...body } };
  },
});

/** What the processes of every job use. */
export const allStats: Command = defineCommand({
  name: "all_stats",
  summary: "Tell what the processes of every job use",
  permission: "read",
  args: fields({}),
  result: allStatsResult,
  run: async (ports) => ({ body: { jobs: await statsOf(ports, ports.manager.jobs()) } }),
});

/** One look at all processes of these jobs. */
async function statsOf(ports: ControlPorts, names: readonly string[]): Promise<JobStatsBody[]> {
  const { manager, totalMemoryBytes } = ports;
  // The kernel's number of one that is dead may be another's by now.
  const runningOf = (name: string): ProcessInfo[] => manager.list(name).filter(({ active }) => active);
  const all = names.map((name) => ({ name: manager.info(name).name, running: runningOf(name) }));
  const osPids = all.flatMap(({ running }) => running.flatMap(({ osPid }) => osPid ?? []));
  const usages = await ports.stats(osPids);
  return all.map(({ name, running }) => {
    const each = running.flatMap(({ pid, osPid }) => {
      const usage = osPid === undefined ? undefined : usages.get(osPid);
      return usage === undefined ? [] : [processStatsBody(pid, usage, totalMemoryBytes)];
    });
    return jobStatsBody(name, each);
  });
}
