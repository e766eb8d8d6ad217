import { GafferError } from "../../../base/gaffer-error.ts";
import { fullName, parseJobName } from "../../../base/job-name.ts";
import type { ChannelCommand } from "../../../wire/channel-request.ts";
import type { Command, Outcome } from "../../control/command.ts";
import { shutdown } from "../../control/daemon-commands.ts";
import {
  commit,
  info,
  jobs,
  killall,
  load,
  numprocesses,
  pids,
  reload,
  restartJob,
  scale,
  startJob,
  stats,
  stopAll,
  stopJob,
  unload,
  update,
} from "../../control/job-commands.ts";
import { kill, processInfo, processStats, send, stopProcess } from "../../control/process-commands.ts";
import { applySession, sessionJobs, sessions, unloadSession } from "../../control/session-commands.ts";

type Fields = Readonly<Record<string, unknown>>;

/** A command that a message asks for, ready to be carried out. */
export interface ChannelCall {
  readonly command: Command;
  readonly args: Fields;
  /** The result as gaffer 0.5 shaped it. */
  readonly result: (body: Outcome["body"]) => Fields;
}

/** How the arguments and results of gaffer 0.5 stand to those of a command. */
interface Dialect {
  /** Names of the arguments that go by place. @defaultValue those of the command, in order */
  readonly places?: readonly string[];
  /** Another command, or other arguments, for what was given. */
  readonly adapt?: (given: Fields, command: Command) => { readonly command: Command; readonly args: Fields };
  /** @defaultValue the body */
  readonly result?: (body: Outcome["body"], args: Fields) => Fields;
}

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** `sessionid` beside a name that holds no session. */
function withSession({ sessionid, ...given }: Fields): Fields {
  const { name } = given;
  if (sessionid === undefined) return given;
  if (typeof sessionid !== "string" || typeof name !== "string") return { ...given, sessionid };
  const full = parseJobName(name, sessionid);
  if (full.session === sessionid) return { ...given, name: fullName(full) };
  throw new GafferError("bad_request", `Cannot use job "${name}": it names another session than "${sessionid}"`);
}

/** A config with `env` laid over its own. */
function jobWithEnv({ env, job, ...given }: Fields): Fields {
  if (env === undefined || env === null || !isObject(job)) return { ...given, job };
  if (!isObject(env)) throw new GafferError("bad_request", "Cannot use env: it must be an object of texts");
  const own = isObject(job["env"]) ? job["env"] : {};
  return { ...given, job: { ...job, env: { ...own, ...env } } };
}

const inSession: Dialect = { adapt: (given, command) => ({ command, args: withSession(given) }) };

function adaptLoad({ sessionid, ...given }: Fields, command: Command): { command: Command; args: Fields } {
  const args = jobWithEnv(given);
  return { command, args: sessionid === undefined ? args : { session: sessionid, ...args } };
}

/** gaffer 0.5 names the job in its config only. */
function adaptUpdate(given: Fields, command: Command): { command: Command; args: Fields } {
  const { sessionid, ...args } = jobWithEnv(given);
  const { job } = args;
  if (args["name"] !== undefined || !isObject(job)) return { command, args };
  const { name, ...settings } = job;
  return { command, args: withSession({ ...args, sessionid, name, job: settings }) };
}

const commands: readonly (readonly [Command, Dialect])[] = [
  [sessions, {}],
  [
    jobs,
    {
      places: ["session"],
      adapt: ({ sessionid, session = sessionid, ...args }, command) =>
        session === undefined ? { command, args } : { command: sessionJobs, args: { session, ...args } },
    },
  ],
  [sessionJobs, {}],
  [pids, { result: (body, { name }) => (name === undefined ? body : { sessionid: name, ...body }) }],
  [load, { places: ["job"], adapt: adaptLoad }],
  [unload, inSession],
  [reload, { ...inSession, places: ["name", "sessionid"] }],
  [update, { places: ["job"], adapt: adaptUpdate }],
  [startJob, inSession],
  [stopJob, inSession],
  [restartJob, inSession],
  [scale, inSession],
  [numprocesses, {}],
  [info, { result: (body) => ({ info: body }) }],
  [stats, { result: (body) => ({ stats: body }) }],
  [stopAll, inSession],
  [killall, inSession],
  [commit, inSession],
  [applySession, {}],
  [unloadSession, {}],
  [processInfo, { result: (body) => ({ info: body }) }],
  [processStats, {}],
  [stopProcess, {}],
  [send, { adapt: (given, command) => ({ command, args: withLines(given) }) }],
  [kill, {}],
  [shutdown, {}],
];

/** A list of lines is written each with its end, as `Manager.send` does. */
function withLines(given: Fields): Fields {
  const { data } = given;
  if (!Array.isArray(data) || !data.every((line) => typeof line === "string")) return given;
  return { ...given, data: data.map((line) => `${line}\n`).join("") };
}

const byName: ReadonlyMap<string, readonly [Command, Dialect]> = new Map(commands.map((one) => [one[0].name, one]));

/** Names of the commands there are. */
export const channelCommandNames: readonly string[] = [...byName.keys()];

/**
 * The command that a message asks for.
 *
 * @returns undefined when there is none of that name.
 * @throws {@link GafferError} `bad_request` if an argument is given twice, or there are too many.
 */
export function channelCall({ name, args, kwargs }: ChannelCommand): ChannelCall | undefined {
  const known = byName.get(name);
  if (known === undefined) return undefined;
  const [command, { places = Object.keys(command.args.properties), adapt, result }] = known;
  const given = placed({ name, args, kwargs }, places);
  const call = adapt?.(given, command) ?? { command, args: given };
  return { ...call, result: (body) => result?.(body, call.args) ?? body };
}

function placed({ name, args, kwargs }: Omit<ChannelCommand, "kind" | "id">, places: readonly string[]): Fields {
  const what = name.replaceAll("_", " ");
  if (args.length > places.length) {
    const way = places.length === 0 ? "it takes none by place" : `it takes ${places.join(", ")}`;
    throw new GafferError("bad_request", `Cannot ${what}: ${args.length} arguments are too many, ${way}`);
  }
  const given: Record<string, unknown> = {};
  for (const [index, value] of args.entries()) {
    const place = places[index] ?? "";
    if (Object.hasOwn(kwargs, place)) {
      throw new GafferError("bad_request", `Cannot ${what}: argument "${place}" is given twice, by place and by name`);
    }
    // Python's None stands for what is left out.
    if (value !== null) given[place] = value;
  }
  const named = Object.entries(kwargs).filter(([, value]) => value !== null);
  return { ...given, ...Object.fromEntries(named) };
}
