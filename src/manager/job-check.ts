import { type FieldProblem, MOST_PROBLEMS } from "../base/field-kind.ts";
import { GafferError } from "../base/gaffer-error.ts";
import type { JobConfig, RestartPolicy } from "./job-config.ts";

/** When a process that ended may be started again. */
export const RESTART_POLICIES: readonly RestartPolicy[] = ["always", "on-failure", "never"];

/** setTimeout's longest wait, about 24 days: a longer one would fire at once. In milliseconds. */
export const LONGEST_MS: number = 2 ** 31 - 1;

/** No machine runs more; a typo must not fill the memory. @see proc_sys_kernel(5), default of `pid_max` */
export const MOST_PROCESSES = 32_768;

/** Rotated log files of one job: each rotation renames so many. */
export const MOST_BACKUPS = 1000;

type Problems = Generator<FieldProblem, void>;

const problem = (path: readonly string[], fact: string): FieldProblem => ({
  path,
  message: `${path.join(" ")} ${fact}`,
});

function* count(field: string, value: number, most: number = Infinity): Problems {
  if (!Number.isSafeInteger(value) || value < 0)
    yield problem([field], `is ${value}: it must be a whole number, 0 or more`);
  else if (value > most) yield problem([field], `is ${value}: it must be ${most} or less`);
}

function* duration(path: readonly string[], value: number): Problems {
  if (!(value >= 0 && value <= LONGEST_MS))
    yield problem(path, `is ${value / 1000} s: it must be 0 to ${LONGEST_MS / 1000} s`);
}

function* flappingProblems({ flapping }: JobConfig): Problems {
  if (flapping === undefined) return;
  if (!(Number.isSafeInteger(flapping.attempts) && flapping.attempts >= 1))
    yield problem(["flapping", "attempts"], "must be 1 or more");
  yield* duration(["flapping", "window"], flapping.windowMs);
  yield* duration(["flapping", "retry_in"], flapping.retryInMs);
  const { maxRetry } = flapping;
  if (!Number.isSafeInteger(maxRetry) || maxRetry < 0)
    yield problem(["flapping", "max_retry"], `is ${maxRetry}: it must be a whole number, 0 or more`);
}

function* nul(path: readonly string[], value: string | undefined): Problems {
  if (value?.includes("\0") === true) yield problem(path, "holds a NUL byte, which no program can be given");
}

function* textProblems({ cmd, args, cwd, env }: JobConfig): Problems {
  if (typeof cmd !== "string" || cmd.trim() === "") yield problem(["cmd"], "is empty");
  else yield* nul(["cmd"], cmd);
  yield* nul(
    ["args"],
    args.find((arg) => arg.includes("\0")),
  );
  yield* nul(["cwd"], cwd);
  yield* variableProblems(env);
}

function* variableProblems(env: JobConfig["env"]): Problems {
  for (const [key, value] of Object.entries(env)) {
    if (key === "" || key.includes("=")) {
      const fact = `env names ${JSON.stringify(key)}: a variable's name is not empty and has no "="`;
      yield { path: ["env", key], message: fact };
    } else yield* nul(["env", key], key + value);
  }
}

/**
 * Refuses variables that no program can be given.
 *
 * @param what - is to be done, for the error: `commit job "s.n"`.
 * @throws {@link GafferError} `job_invalid`
 */
export function checkVariables(env: JobConfig["env"], what: string): void {
  for (const { message } of variableProblems(env)) throw new GafferError("job_invalid", `Cannot ${what}: ${message}`);
}

function* outputProblems({ redirectOutput: labels, customStreams }: JobConfig): Problems {
  if (labels.length > 2)
    yield problem(["redirect_output"], `has ${labels.length} labels: it takes two at most, stdout's and stderr's`);
  if (labels.includes("")) yield problem(["redirect_output"], "has an empty label");
  if (customStreams.includes("")) yield problem(["custom_streams"], "has an empty label");
}

function* logProblems(config: JobConfig): Problems {
  const { logfile, stderrLogfile, redirectOutput } = config;
  yield* count("logfile_maxbytes", config.logfileMaxBytes);
  yield* count("logfile_backups", config.logfileBackups, MOST_BACKUPS);
  yield* nul(["logfile"], logfile);
  yield* nul(["stderr_logfile"], stderrLogfile);
  const [out, err] = redirectOutput;
  if (out === undefined && logfile !== undefined)
    yield problem(["logfile"], "is set, but redirect_output is empty: there is nothing to write");
  if (stderrLogfile === undefined || (err !== undefined && err !== out)) return;
  yield problem(["stderr_logfile"], "is set, but redirect_output does not tell stderr apart: give it two labels");
}

function* limitProblems({ rlimits }: JobConfig): Problems {
  for (const [limit, { soft, hard }] of Object.entries(rlimits)) {
    if (soft >= 0 && hard >= soft) continue;
    const message = `rlimit ${limit} is ${soft}:${hard}: soft must be 0 or more and no more than hard`;
    yield { path: ["rlimits", limit], message };
  }
}

/** What a config asks for that no process can be given, field by documented field. */
export function* jobProblems(config: JobConfig): Problems {
  yield* textProblems(config);
  yield* count("numprocesses", config.numprocesses, MOST_PROCESSES);
  if (config.priority !== Infinity) yield* count("priority", config.priority);
  yield* duration(["graceful_timeout"], config.gracefulTimeoutMs);
  yield* flappingProblems(config);
  yield* outputProblems(config);
  yield* logProblems(config);
  yield* limitProblems(config);
  const { restart } = config;
  if (!RESTART_POLICIES.includes(restart))
    yield problem(["restart"], `is ${JSON.stringify(restart)}: it must be ${RESTART_POLICIES.join(", ")}`);
}

/**
 * The error that tells of every problem of one job; `details.problems` holds them for programs.
 *
 * @param name - undefined when it has none that can be used.
 */
export function jobInvalid(name: string | undefined, problems: readonly FieldProblem[]): GafferError {
  const head = name === undefined ? "Cannot load a job:" : `Cannot load job ${JSON.stringify(name)}:`;
  const lines = problems.map(({ message }) => message);
  const total = problems.length < MOST_PROBLEMS ? problems.length : `at least ${MOST_PROBLEMS}`;
  const message = lines.length === 1 ? `${head} ${lines[0]}` : [`${head} ${total} problems`, ...lines].join("\n  ");
  return new GafferError("job_invalid", message, { details: { problems } });
}
