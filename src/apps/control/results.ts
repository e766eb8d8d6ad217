import { type TProperties, type TSchema, Type } from "@sinclair/typebox";

/**
 * An answer that holds these at least; a newer gaffer may add to it.
 *
 * @param id - names it in the API's document; needed by what is part of several answers.
 */
const answer = (properties: TProperties, id?: string): TSchema =>
  Type.Object(properties, id === undefined ? {} : { $id: id });
const name = Type.String({ description: "Full name of a job: session.job" });
const pid = Type.Integer({ description: "gaffer's number of a process" });
const osPid = Type.Integer({ description: "The kernel's number of a process" });
const nullable = (schema: TSchema): TSchema => Type.Union([schema, Type.Null()]);
const owner = nullable(Type.Union([Type.String(), Type.Integer()]));
const state = Type.Union(
  ["stopped", "starting", "running", "backoff", "stopping", "exited", "failed"].map((word) => Type.Literal(word)),
  { $id: "State" },
);

/** It was done, or is under way. */
export const okResult: TSchema = answer({ ok: Type.Literal(true) }, "Ok");
/** A job was taken in. */
export const loadResult: TSchema = answer({ ok: Type.Literal(true), name });
/** Names of jobs. */
export const jobsResult: TSchema = answer({ ok: Type.Literal(true), jobs: Type.Array(name) });
/** Names of sessions. */
export const sessionsResult: TSchema = answer({ sessions: Type.Array(Type.String()) });
/** Jobs of a session. */
export const sessionJobsResult: TSchema = answer({ sessionid: Type.String(), jobs: Type.Array(name) });
/** Numbers of processes. */
export const pidsResult: TSchema = answer({ pids: Type.Array(pid) });
/** How many processes a job should have. */
export const numprocessesResult: TSchema = answer({ numprocesses: Type.Integer({ minimum: 0 }) });
/** How many processes a job should have from now on. */
export const scaleResult: TSchema = answer({
  numprocesses: Type.Integer({ minimum: 0 }),
  clamped: Type.Boolean({ description: "Whether less than 0 was asked for" }),
});
/** A process was started beside the slots. */
export const commitResult: TSchema = answer({ ok: Type.Literal(true), pid });
/** A process is being stopped. */
export const stopResult: TSchema = answer({
  ok: Type.Literal(true),
  replaced: Type.Boolean({ description: "Whether another takes its place" }),
});

const lastExit = answer(
  {
    reason: Type.String(),
    exit_code: nullable(Type.Integer()),
    term_signal: Type.Integer(),
    time: Type.Integer({ description: "Milliseconds since 1970" }),
  },
  "LastExit",
);

const slot = answer(
  {
    slot: Type.Integer({ minimum: 1 }),
    state,
    reason: Type.String(),
    pid: nullable(pid),
    os_pid: nullable(osPid),
    uptime: Type.Number({ description: "Seconds" }),
    restarts: Type.Integer(),
    last_exit: nullable(lastExit),
  },
  "Slot",
);

/** How a job stands. */
export const jobResult: TSchema = answer(
  {
    name,
    active: Type.Boolean({ description: "Whether it should run" }),
    state,
    running: Type.Integer(),
    running_out: Type.Integer({ description: "Committed processes alive" }),
    max_processes: Type.Integer(),
    processes: Type.Array(pid),
    slots: Type.Array(slot),
    config: Type.Record(Type.String(), Type.Unknown(), { $id: "JobConfig" }),
  },
  "JobInfo",
);

/** Names of all jobs; how each stands, if that was asked for. */
export const allJobsResult: TSchema = answer({ jobs: Type.Array(Type.Union([name, jobResult])) });

/** What a process is. */
export const processResult: TSchema = answer(
  {
    pid,
    name,
    slot: Type.Integer({ minimum: 0, description: "0 for a committed process" }),
    cmd: Type.String(),
    args: Type.Array(Type.String()),
    env: Type.Record(Type.String(), Type.String()),
    uid: owner,
    gid: owner,
    os_pid: nullable(osPid),
    create_time: Type.Integer({ description: "Milliseconds since 1970" }),
    commited: Type.Boolean(),
    committed: Type.Boolean(),
    redirect_output: Type.Array(Type.String()),
    redirect_input: Type.Boolean(),
    custom_streams: Type.Array(Type.String()),
    active: Type.Boolean(),
  },
  "Process",
);

const usage = {
  mem_info1: Type.String({ description: "Resident memory for people, such as 5M" }),
  mem_info2: Type.String({ description: "Address space for people" }),
  cpu: Type.Number({ description: "Percent of one processor" }),
  mem: Type.Number({ description: "Percent of the machine's memory" }),
  ctime: Type.String({ description: "Processor time, minutes:seconds.hundredths" }),
  rss: Type.Integer({ description: "Resident memory, bytes" }),
  os_pid: osPid,
  username: Type.String(),
  nice: Type.Integer(),
  cmdline: Type.String(),
};
const processUsage = answer(
  { pid, ...usage, children: Type.Array(answer({ pid: osPid, ...usage }, "Usage")) },
  "ProcessUsage",
);

/** What a process uses. */
export const processStatsResult: TSchema = answer({ stats: processUsage });

/** What a process uses, by itself. */
export const usageResult: TSchema = processUsage;

/** What the processes of a job use, each and together. */
export const jobStatsResult: TSchema = answer({
  name,
  stats: Type.Array(processUsage),
  mem: Type.Number(),
  max_mem: Type.Number(),
  min_mem: Type.Number(),
  cpu: Type.Number(),
  max_cpu: Type.Number(),
  min_cpu: Type.Number(),
});

/** What the processes of every job use. */
export const allStatsResult: TSchema = answer({ jobs: Type.Array(jobStatsResult) });

/** What came of making a session what it should be. */
export const sessionDifferenceResult: TSchema = answer(
  Object.fromEntries(["unchanged", "changed", "added", "removed"].map((key) => [key, Type.Array(name)])),
);

const keyId = Type.String({ description: "Public id of a key" });
const keyFields = {
  key: keyId,
  label: Type.String(),
  permissions: Type.Record(Type.String(), Type.Unknown()),
  parent: nullable(keyId),
  username: nullable(Type.String({ description: "The user who got it by logging in" })),
  created: Type.Integer({ description: "Milliseconds since 1970" }),
};

const key = answer(keyFields, "Key");

/** What is known of a key. */
export const keyResult: TSchema = answer({ ...keyFields, keys: Type.Optional(Type.Array(key)) });
/** Ids of keys; what is known of each, if that was asked for. */
export const keysResult: TSchema = answer({ keys: Type.Array(Type.Union([keyId, key])) });
/** A key, which is shown once. */
export const loginResult: TSchema = answer({ api_key: Type.String(), key: keyId });
/** A new key. */
export const newKeyResult: TSchema = answer({ ok: Type.Literal(true), api_key: Type.String(), key: keyId });
/** Keys were taken back. */
export const goneKeysResult: TSchema = answer({ ok: Type.Literal(true), keys: Type.Array(keyId) });
/** What is known of a user. */
export const userResult: TSchema = answer(
  {
    username: Type.String(),
    user_type: Type.Integer({ description: "0 = administrator, 1 = application" }),
    key: nullable(keyId),
  },
  "User",
);
/** A user was taken in. */
export const newUserResult: TSchema = Type.Intersect([okResult, userResult]);
/** Names of users; what is known of each, if that was asked for. */
export const usersResult: TSchema = answer({ users: Type.Array(Type.Union([Type.String(), userResult])) });

const maybe = (schema: TSchema): TSchema => Type.Optional(schema);
const whole = Type.Integer();

/** Something that happened; of a gap in what is told, how much is missing, and why. */
export const eventResult: TSchema = answer(
  {
    event: Type.String({ description: "What happened; gap = some of it is missing" }),
    name: maybe(name),
    time: maybe(Type.Integer({ description: "Milliseconds since 1970" })),
    seq: maybe(Type.Integer({ description: "Grows by one with each event" })),
    topic: maybe(Type.String({ description: "Under which it was asked for" })),
    pid: maybe(pid),
    os_pid: maybe(osPid),
    slot: maybe(whole),
    exit_status: maybe(Type.Integer({ description: "As wait(2) gives it" })),
    exit_code: maybe(nullable(whole)),
    term_signal: maybe(whole),
    once: maybe(Type.Boolean({ description: "Whether it was run once, and is never restarted" })),
    uptime: maybe(Type.Number({ description: "Seconds" })),
    reason: maybe(Type.String()),
    error_exit_code: maybe(whole),
    retry_in: maybe(Type.Number({ description: "Seconds" })),
    signum: maybe(whole),
    detached: maybe(Type.Boolean()),
    detach: maybe(Type.Boolean()),
    numprocesses: maybe(whole),
    missed: maybe(nullable(whole)),
  },
  "Event",
);

/** What `?wait` adds: how it ended. */
export const reportResult: TSchema = answer(
  {
    running: Type.Optional(Type.Integer({ description: "How many processes run; only with wait" })),
    wanted: Type.Optional(Type.Integer({ description: "How many should; only with wait" })),
    killed: Type.Optional(
      Type.Array(Type.String(), { description: "Labels of the processes that had to be killed; only with wait" }),
    ),
    problems: Type.Optional(
      Type.Array(answer({ label: Type.String(), reason: Type.String() }), {
        description: "Slots that should run and do not; only with wait",
      }),
    ),
  },
  "Report",
);

const pluginState = Type.Union(
  ["loaded", "starting", "running", "stopped", "failed", "site"].map((word) => Type.Literal(word)),
);

const plugin = answer(
  {
    name: Type.String(),
    version: Type.String(),
    description: Type.String(),
    state: pluginState,
    error: nullable(Type.String({ description: "What went wrong with it last" })),
    path: Type.String({ description: "Its folder" }),
    site: nullable(Type.String({ description: "Where its site is served" })),
  },
  "Plugin",
);

/** The plugins of a daemon. */
export const pluginsResult: TSchema = answer({ plugins: Type.Array(plugin) });
