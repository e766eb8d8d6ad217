import { Type } from "@sinclair/typebox";
import { GafferError } from "../../base/gaffer-error.ts";
import type { Manager } from "../../manager/manager.ts";
import { allDone, type Operation } from "../../manager/operation.ts";
import { readJobFields } from "../../manager/job-reader.ts";
import { checkSession } from "./check-session.ts";
import { fields, jobObject, sessionName } from "./arguments.ts";
import { type Command, defineCommand } from "./command.ts";
import { jobsResult, sessionDifferenceResult, sessionJobsResult, sessionsResult } from "./results.ts";

const notFound = (session: string): GafferError =>
  new GafferError("session_not_found", `Cannot find session "${session}": no job of it is loaded`);

/** Names of the sessions, in load order. */
export const sessions: Command = defineCommand({
  name: "sessions",
  summary: "Names of all sessions, in load order",
  permission: "manage",
  args: fields({}),
  result: sessionsResult,
  run: ({ manager }) => ({ body: { sessions: manager.sessions } }),
});

const sessionArgs = fields({ session: sessionName });

/** Jobs of one session. */
export const sessionJobs: Command = defineCommand({
  name: "session_jobs",
  summary: "Names of the jobs of a session",
  permission: "manage",
  args: sessionArgs,
  result: sessionJobsResult,
  run: ({ manager }, { session }) => {
    const jobs = manager.jobs(session);
    if (jobs.length === 0) throw notFound(session);
    return { body: { sessionid: session, jobs } };
  },
});

/** Unloads every job of a session. */
export const unloadSession: Command = defineCommand({
  name: "unload_session",
  summary: "Unload every job of a session and stop what ran",
  permission: "manage",
  args: sessionArgs,
  result: jobsResult,
  hasEnd: true,
  run: ({ manager }, { session }) => {
    const jobs = manager.jobs(session);
    if (jobs.length === 0) throw notFound(session);
    const operations = jobs.map((name) => manager.unload(name));
    return { body: { ok: true, jobs }, done: allDone(operations) };
  },
});

/** Jobs of a session in the order they start. @throws {@link GafferError} `session_not_found` */
function inOrder(manager: Manager, session: string): string[] {
  const jobs = manager.jobs(session);
  if (jobs.length === 0) throw notFound(session);
  const priority = (name: string): number => manager.get(name).priority;
  return jobs.toSorted((a, b) => (priority(a) === priority(b) ? 0 : priority(a) - priority(b)));
}

/** A command on all jobs of a session. */
const onSession = (
  name: string,
  summary: string,
  act: (manager: Manager, jobs: readonly string[]) => readonly Operation<unknown>[],
): Command =>
  defineCommand({
    name,
    summary,
    permission: "manage",
    args: sessionArgs,
    result: jobsResult,
    hasEnd: true,
    run: ({ manager }, { session }) => {
      const jobs = inOrder(manager, session);
      return { body: { ok: true, jobs }, done: allDone(act(manager, jobs)) };
    },
  });

/** Starts every job of a session, in order of priority. */
export const startSession: Command = onSession("start_session", "Start every job of a session", (manager, jobs) =>
  jobs.map((name) => manager.startJob(name)),
);
/** Stops every job of a session, the last that starts first; they stay loaded. */
export const stopSession: Command = onSession(
  "stop_session",
  "Stop every job of a session; they stay loaded",
  (manager, jobs) => jobs.toReversed().map((name) => manager.stopJob(name)),
);
/** Replaces the processes of each job of a session, those of one job one after the other. */
export const restartSession: Command = onSession(
  "restart_session",
  "Replace the processes of each job of a session, those of one job one after the other",
  (manager, jobs) => jobs.map((name) => manager.restartJob(name)),
);

const applyArgs = fields({ session: sessionName, jobs: Type.Array(jobObject), start: Type.Optional(Type.Boolean()) });

/** Makes a session what a list of jobs says: only what differs is touched. */
export const applySession: Command = defineCommand({
  name: "apply_session",
  summary: "Make a session what a list of jobs says; only what differs is touched",
  permission: "manage",
  args: applyArgs,
  result: sessionDifferenceResult,
  hasEnd: true,
  run: ({ manager }, { session, jobs, start }) => {
    checkSession(session);
    const settings = jobs.map((job) => {
      const read = readJobFields(job, { session });
      return start === undefined ? read : { ...read, start };
    });
    const { result, done } = manager.applySession(session, settings);
    return { body: { ...result }, done };
  },
});
