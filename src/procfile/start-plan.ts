import { GafferError } from "../base/gaffer-error.ts";
import { fullName } from "../base/job-name.ts";
import { parseFormation } from "../config/formation.ts";
import { chooseBase, planPorts, type PortPlan } from "../config/port-plan.ts";
import { type Procfile, unknownJob } from "../config/procfile.ts";
import type { EnvSettings } from "../config/env-sources.ts";
import type { JobConfig } from "../manager/job-config.ts";
import { JOB_DEFAULTS } from "../manager/job-settings.ts";
import type { Application } from "./application-flags.ts";

/** What the user asked of `gaffer start`. */
export interface StartChoice {
  /** Jobs named; none = all. */
  readonly jobs: readonly string[];
  /** What each `-c` was given. */
  readonly concurrency: readonly string[];
  /** `-p`. */
  readonly port: number | undefined;
  /** `false` = every process runs once. */
  readonly restart: boolean;
  /** Tell stdout and stderr apart, as `--json` does; else both are one output, in the order they were written. */
  readonly json: boolean;
  /** `-t`, in seconds. @defaultValue 30 */
  readonly timeout: number | undefined;
}

/** What {@link planStart} asks of the machine. */
export interface StartFacts {
  /** PORT of the user's environment. */
  readonly userPort: string | undefined;
  /** Whether something listens on a port. */
  readonly isTaken: (port: number) => boolean;
}

/** Everything `gaffer start` is going to do, checked. */
export interface StartPlan {
  readonly session: string;
  /** In Procfile order. */
  readonly jobs: readonly JobConfig[];
  /** What the user should know before it begins. */
  readonly notices: readonly string[];
}

const defaultTimeoutSeconds = 30;

/**
 * Decides what `gaffer start` does.
 *
 * @throws {@link GafferError} `usage` if a job is unknown, a count or a PORT is impossible, or there is nothing to start;
 * `port_busy` if no ports are free.
 */
export function planStart({ procfile, settings }: Application, choice: StartChoice, facts: StartFacts): StartPlan {
  const names = procfile.names();
  const { chosen, formation } = chooseJobs(procfile, choice);
  const { PORT: filePort, ...env } = settings.env;
  const base = chooseBase(choice.port, filePort, facts.userPort);
  const ports = planPorts({ formation, jobs: chosen, base, isTaken: facts.isTaken });
  const session = procfile.getAppname();
  const jobs = names
    .filter((name) => chosen.has(name))
    .map((name): JobConfig => {
      const { cmd, args, shell, numprocesses } = procfile.asDict(name, formation);
      return {
        ...common(procfile, choice),
        cmd,
        args,
        shell,
        numprocesses,
        env,
        uid: settings.uid,
        gid: settings.gid,
        name: fullName({ session, job: name }),
        redirectInput: settings.redirectInput.has(name),
        port: ports.portOf(name, 1),
      };
    });
  return { session, jobs, notices: portNotices(ports, baseOrigin(choice, settings)) };
}

interface ChosenJobs {
  readonly chosen: ReadonlySet<string>;
  readonly formation: ReadonlyMap<string, number>;
}

function chooseJobs(procfile: Procfile, choice: Pick<StartChoice, "jobs" | "concurrency">): ChosenJobs {
  const names = procfile.names();
  for (const job of choice.jobs) if (!names.includes(job)) throw unknownJob(job, names);
  const chosen = new Set(choice.jobs.length > 0 ? choice.jobs : names);
  const formation = parseFormation(choice.concurrency, names);
  if ([...chosen].every((job) => formation.get(job) === 0)) throw nothing();
  return { chosen, formation };
}

/**
 * Names of the jobs of which {@link planStart} starts a process, in Procfile order.
 *
 * @throws {@link GafferError} `usage` if a job is unknown, a count is impossible, or there is nothing to start.
 */
export function startedJobs(procfile: Procfile, choice: Pick<StartChoice, "jobs" | "concurrency">): string[] {
  const { chosen, formation } = chooseJobs(procfile, choice);
  return procfile.names().filter((name) => chosen.has(name) && formation.get(name) !== 0);
}

function common(procfile: Procfile, choice: StartChoice): Omit<JobConfig, "name" | "cmd"> {
  return {
    ...JOB_DEFAULTS,
    cwd: procfile.root,
    gracefulTimeoutMs: (choice.timeout ?? defaultTimeoutSeconds) * 1000,
    restart: choice.restart ? "always" : "never",
    redirectOutput: choice.json ? ["stdout", "stderr"] : ["stdout", "stdout"],
  };
}

/** Who chose the base port, where somebody did. */
function baseOrigin({ port }: StartChoice, { env, portFrom }: EnvSettings): string {
  if (port !== undefined) return "given with -p";
  return env["PORT"] === undefined ? "PORT of the environment" : `PORT of ${portFrom ?? "the env files"}`;
}

function portNotices({ base, taken, busy }: PortPlan, origin: string): string[] {
  if (taken === undefined) return busy.map((port) => `port ${port} is taken (${origin})`);
  return [`port ${taken} is taken, so PORT begins at ${base} (choose with -p)`];
}

const nothing = (): GafferError =>
  new GafferError("usage", "Cannot start: every job has 0 processes; give one more with -c, such as -c web=1");
