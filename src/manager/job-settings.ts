import { GafferError } from "../base/gaffer-error.ts";
import { fullName, parseJobName } from "../base/job-name.ts";
import { parseSignal } from "../base/signals.ts";
import { split } from "shlex";
import { didYouMean } from "../base/nearest.ts";
import { type FlappingPolicy, parseFlapping } from "./flapping.ts";
import type { JobConfig, ResourceLimit, RestartPolicy } from "./job-config.ts";

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
  slotEnv: undefined,
};

const policies: readonly RestartPolicy[] = ["always", "on-failure", "never"];

/** setTimeout's longest wait, about 24 days: a longer one would fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

function refuse(name: string, fact: string): never {
  throw new GafferError("job_invalid", `Cannot load job ${JSON.stringify(name)}: ${fact}`);
}

function checkCount(name: string, field: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0)
    refuse(name, `${field} is ${value}: it must be a whole number, 0 or more`);
}

/** No machine runs more; a typo must not fill the memory. @see proc_sys_kernel(5), default of `pid_max` */
export const MOST_PROCESSES = 32_768;

/** Each rotation renames so many files. */
const MOST_BACKUPS = 1000;

function checkNumprocesses(name: string, value: number): void {
  checkCount(name, "numprocesses", value);
  if (value > MOST_PROCESSES) refuse(name, `numprocesses is ${value}: it must be ${MOST_PROCESSES} or less`);
}

function checkDuration(name: string, field: string, value: number): void {
  if (!(value >= 0 && value <= LONGEST_MS))
    refuse(name, `${field} is ${value / 1000} s: it must be 0 to ${LONGEST_MS / 1000} s`);
}

function checkFlapping(name: string, flapping: FlappingPolicy | undefined): void {
  if (flapping === undefined) return;
  if (!(Number.isSafeInteger(flapping.attempts) && flapping.attempts >= 1))
    refuse(name, "flapping attempts must be 1 or more");
  checkDuration(name, "flapping window", flapping.windowMs);
  checkDuration(name, "flapping retry_in", flapping.retryInMs);
  checkCount(name, "flapping max_retry", flapping.maxRetry);
}

function checkText(name: string, field: string, value: string): void {
  if (value.includes("\0")) refuse(name, `${field} holds a NUL byte, which no program can be given`);
}

function checkTexts(config: JobConfig): void {
  const { name, cmd, args, cwd, env } = config;
  if (typeof cmd !== "string" || cmd.trim() === "") refuse(name, "cmd is empty");
  for (const text of [cmd, ...args]) checkText(name, "cmd", text);
  if (cwd !== undefined) checkText(name, "cwd", cwd);
  for (const [key, value] of Object.entries(env)) {
    if (key === "" || key.includes("="))
      refuse(name, `env names ${JSON.stringify(key)}: a variable's name is not empty and has no "="`);
    checkText(name, `env ${key}`, key + value);
  }
}

function checkOutputs(name: string, labels: readonly string[]): void {
  if (labels.length > 2)
    refuse(name, `redirect_output has ${labels.length} labels: it takes two at most, stdout's and stderr's`);
  if (labels.includes("")) refuse(name, "redirect_output has an empty label");
}

function checkLogs({ name, logfile, stderrLogfile, logfileMaxBytes, logfileBackups, redirectOutput }: JobConfig): void {
  checkCount(name, "logfile_maxbytes", logfileMaxBytes);
  checkCount(name, "logfile_backups", logfileBackups);
  if (logfileBackups > MOST_BACKUPS)
    refuse(name, `logfile_backups is ${logfileBackups}: it must be ${MOST_BACKUPS} or less`);
  const [out, err] = redirectOutput;
  if (logfile !== undefined) checkText(name, "logfile", logfile);
  if (stderrLogfile !== undefined) checkText(name, "stderr_logfile", stderrLogfile);
  if (out === undefined && logfile !== undefined)
    refuse(name, "logfile is set, but redirect_output is empty: there is nothing to write");
  if (stderrLogfile === undefined || (err !== undefined && err !== out)) return;
  refuse(name, "stderr_logfile is set, but redirect_output does not tell stderr apart: give it two labels");
}

function checkLimits(name: string, rlimits: Readonly<Record<string, ResourceLimit>>): void {
  for (const [limit, { soft, hard }] of Object.entries(rlimits)) {
    if (!(soft >= 0 && hard >= soft))
      refuse(name, `rlimit ${limit} is ${soft}:${hard}: soft must be 0 or more and no more than hard`);
  }
}

function check(config: JobConfig): void {
  const { name, restart } = config;
  checkTexts(config);
  checkNumprocesses(name, config.numprocesses);
  if (config.priority !== Infinity) checkCount(name, "priority", config.priority);
  checkDuration(name, "graceful_timeout", config.gracefulTimeoutMs);
  checkFlapping(name, config.flapping);
  checkOutputs(name, config.redirectOutput);
  checkLogs(config);
  checkLimits(name, config.rlimits);
  if (!policies.includes(restart))
    refuse(name, `restart is ${JSON.stringify(restart)}: it must be ${policies.join(", ")}`);
}

const fields: ReadonlySet<string> = new Set(["name", "cmd", ...Object.keys(JOB_DEFAULTS)]);

function refuseUnknown(name: string, given: readonly string[]): void {
  const unknown = given.find((field) => !fields.has(field));
  if (unknown !== undefined) refuse(name, `there is no setting "${unknown}"${didYouMean(unknown, fields)}`);
}

function splitArgs(name: string, args: string): string[] {
  try {
    return split(args);
  } catch {
    return refuse(name, `args ${JSON.stringify(args)}: a quote is not closed`);
  }
}

function readFlapping(name: string, text: string): FlappingPolicy | undefined {
  if (text.trim() === "") return undefined;
  const policy = parseFlapping(text);
  return policy ?? refuse(name, `flapping ${JSON.stringify(text)}: it takes attempts, window, retry_in, max_retry`);
}

const isUnset = (value: string | number | undefined): boolean => value === undefined || value === "";

/** One file for both holds them in the order they were written: that takes one pipe. */
const defaultOutputs = ({ logfile, stderrLogfile }: JobSettings): readonly string[] =>
  isUnset(logfile) || !isUnset(stderrLogfile) ? JOB_DEFAULTS.redirectOutput : ["stdout", "stdout"];

/**
 * Makes settings a complete, checked config.
 *
 * @param session - of a name that holds none. @defaultValue `"default"`
 * @throws {@link GafferError} `job_invalid` or `bad_signal`, naming the field and what it may be.
 */
export function resolveJob(settings: JobSettings, session?: string): JobConfig {
  if (typeof settings.name !== "string") throw new GafferError("job_invalid", "Cannot load a job: it has no name");
  const name = fullName(parseJobName(settings.name, session));
  const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  refuseUnknown(name, Object.keys(given));
  const { args = [], stopSignal = JOB_DEFAULTS.stopSignal, flapping } = settings;
  const config: JobConfig = {
    ...JOB_DEFAULTS,
    ...given,
    name,
    cmd: settings.cmd,
    // Copies: what the caller does to its own later changes no job.
    args: typeof args === "string" ? splitArgs(name, args) : [...args],
    env: { ...settings.env },
    flapping: typeof flapping === "string" ? readFlapping(name, flapping) : flapping,
    stopSignal: parseSignal(stopSignal),
    redirectOutput: settings.redirectOutput ?? defaultOutputs(settings),
    logfile: isUnset(settings.logfile) ? undefined : settings.logfile,
    stderrLogfile: isUnset(settings.stderrLogfile) ? undefined : settings.stderrLogfile,
    cwd: isUnset(settings.cwd) ? undefined : settings.cwd,
    uid: isUnset(settings.uid) ? undefined : settings.uid,
    gid: isUnset(settings.gid) ? undefined : settings.gid,
  };
  check(config);
  return config;
}
