import { MOST_PROBLEMS } from "../base/field-kind.ts";
import { fullName, parseJobName } from "../base/job-name.ts";
import { parseSignal } from "../base/signals.ts";
import { split } from "shlex";
import { didYouMean } from "../base/nearest.ts";
import { type FlappingPolicy, parseFlapping } from "./flapping.ts";
import { jobInvalid, jobProblems } from "./job-check.ts";
import type { JobConfig } from "./job-config.ts";

/** A job as its author writes it: only name and cmd are required, the rest has the defaults of {@link JobConfig}. */
export type JobSettings = Partial<Omit<JobConfig, "name" | "cmd" | "args" | "stopSignal" | "flapping">> & {
  readonly name: string;
  readonly cmd: string;
  /** A list, or a text that is split like a shell would. */
  readonly args?: readonly string[] | string;
  /** Name or number. */
  readonly stopSignal?: number | string;
  /** A policy, or its four numbers as text: `attempts, window, retry_in, max_retry`, times in seconds. */
  readonly flapping?: FlappingPolicy | string | undefined;
};

/** Defaults of every field but name and cmd; durations in milliseconds. */
export const JOB_DEFAULTS: Omit<JobConfig, "name" | "cmd"> = {
  args: [],
  env: {},
  osEnv: true,
  cwd: undefined,
  uid: undefined,
  gid: undefined,
  shell: false,
  numprocesses: 1,
  start: true,
  priority: Infinity,
  gracefulTimeoutMs: 30_000,
  stopSignal: 15,
  restart: "always",
  flapping: undefined,
  redirectOutput: ["stdout", "stderr"],
  redirectInput: false,
  logfile: undefined,
  stderrLogfile: undefined,
  logfileMaxBytes: 52_428_800,
  logfileBackups: 10,
  customStreams: [],
  customChannels: [],
  detach: false,
  rlimits: {},
  port: undefined,
};

const fields: ReadonlySet<string> = new Set(["name", "cmd", ...Object.keys(JOB_DEFAULTS)]);

function refuse(name: string, field: string, message: string): never {
  throw jobInvalid(name, [{ path: [field], message }]);
}

function refuseUnknown(name: string, given: readonly string[]): void {
  const unknown = given.find((field) => !fields.has(field));
  if (unknown === undefined) return;
  refuse(name, unknown, `there is no setting "${unknown}"${didYouMean(unknown, fields)}`);
}

/** The words of `args` given as a text, as a shell splits them; undefined if a quote is left open. */
export function splitArgs(args: string): readonly string[] | undefined {
  try {
    return split(args);
  } catch {
    return undefined;
  }
}

/** What is wrong with `args` that {@link splitArgs} cannot split. */
export const openQuote = (args: string): string => `args ${JSON.stringify(args)}: a quote is not closed`;

/** What is wrong with a flapping policy that is not four numbers. */
export const badFlapping = (text: string): string =>
  `flapping ${JSON.stringify(text)}: it takes attempts, window, retry_in, max_retry`;

function readArgs(name: string, args: readonly string[] | string): readonly string[] {
  // A copy: what the caller does to its own later changes no job.
  if (typeof args !== "string") return [...args];
  return splitArgs(args) ?? refuse(name, "args", openQuote(args));
}

function readFlapping(name: string, flapping: FlappingPolicy | string | undefined): FlappingPolicy | undefined {
  if (typeof flapping !== "string") return flapping;
  if (flapping.trim() === "") return undefined;
  return parseFlapping(flapping) ?? refuse(name, "flapping", badFlapping(flapping));
}

/** A user or group: unset when empty, a number when it is written as one. */
function readOwner(value: string | number | undefined): string | number | undefined {
  if (value === "") return undefined;
  return typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value;
}

const isUnset = (value: string | number | undefined): boolean => value === undefined || value === "";

/** One file for both holds them in the order they were written: that takes one pipe. */
const defaultOutputs = ({ logfile, stderrLogfile }: JobSettings): readonly string[] =>
  isUnset(logfile) || !isUnset(stderrLogfile) ? JOB_DEFAULTS.redirectOutput : ["stdout", "stdout"];

/**
 * Makes settings a complete, checked config.
 *
 * @param session - of a name that holds none. @defaultValue `"default"`
 * @throws {@link GafferError} `job_invalid` or `bad_signal`, naming every field that is wrong and what it may be.
 */
export function resolveJob(settings: JobSettings, session?: string): JobConfig {
  if (typeof settings.name !== "string") throw jobInvalid(undefined, [{ path: ["name"], message: "it has no name" }]);
  const name = fullName(parseJobName(settings.name, session));
  refuseUnknown(
    name,
    Object.entries(settings).flatMap(([field, value]) => (value === undefined ? [] : field)),
  );
  const config = completeJob({ ...settings, name });
  const problems = [...jobProblems(config)].slice(0, MOST_PROBLEMS);
  if (problems.length > 0) throw jobInvalid(name, problems);
  return config;
}

/**
 * Fills in defaults and reads what is given as text; {@link jobProblems} tells what is wrong with the result.
 *
 * @throws {@link GafferError} `job_invalid` or `bad_signal` if a text cannot be read.
 */
export function completeJob(settings: JobSettings): JobConfig {
  const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  const { name, cmd, args = [], stopSignal = JOB_DEFAULTS.stopSignal, flapping } = settings;
  return {
    ...JOB_DEFAULTS,
    ...given,
    name,
    cmd,
    args: readArgs(name, args),
    env: { ...settings.env },
    flapping: readFlapping(name, flapping),
    stopSignal: parseSignal(stopSignal),
    redirectOutput: settings.redirectOutput ?? defaultOutputs(settings),
    logfile: isUnset(settings.logfile) ? undefined : settings.logfile,
    stderrLogfile: isUnset(settings.stderrLogfile) ? undefined : settings.stderrLogfile,
    cwd: isUnset(settings.cwd) ? undefined : settings.cwd,
    uid: readOwner(settings.uid),
    gid: readOwner(settings.gid),
  };
}
