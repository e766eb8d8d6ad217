import { isLocal } from "../base/endpoint.ts";
import type { DaemonClient } from "../client/daemon-client.ts";
import { fullName, parseJobName } from "../base/job-name.ts";
import type { CliContext } from "../cli/command.ts";
import { describeJob } from "../manager/job-fields.ts";
import type { JobBody } from "../wire/job-body.ts";
import { type ApplicationChoice, readProcfile } from "./application-flags.ts";
import { readChecked } from "./checked-settings.ts";
import { isPortTaken } from "./port-probe.ts";
import { planStart } from "./start-plan.ts";

/** First port of the applications of a daemon; those below are for what runs in the foreground. */
const FIRST_PORT = 5100;
/** Ports that belong to one job. */
const PORTS_OF_JOB = 100;

/** What the user asked of `gaffer load`. */
export interface LoadChoice extends ApplicationChoice {
  readonly concurrency: readonly string[];
  readonly port: number | undefined;
}

/** A Procfile as jobs for a daemon: their settings by the documented names. */
export interface LoadPlan {
  readonly session: string;
  readonly jobs: readonly Readonly<Record<string, unknown>>[];
  readonly notices: readonly string[];
}

/**
 * Makes a Procfile the jobs of a session of a daemon, each with ports that no other job of it has.
 *
 * @throws {@link GafferError} as `gaffer start` does; nothing has been sent then.
 */
export async function planLoad(
  client: DaemonClient,
  { session, choice }: { readonly session: string; readonly choice: LoadChoice },
  context: CliContext,
): Promise<LoadPlan> {
  const procfile = readProcfile(choice, context);
  const settings = readChecked(procfile, { ...choice, jobs: [] }, context);
  const { jobs: loaded } = await client.json<{ jobs: JobBody[] }>("/jobs", { query: { full: true } });
  const others = loaded.filter(({ name }) => !name.startsWith(`${session}.`));
  const held = loaded.flatMap((job) => ownPort(job, session) ?? []);
  const isHere = isLocal(client.endpoint);
  const plan = planStart(
    { procfile, settings },
    { jobs: [], concurrency: choice.concurrency, port: choice.port, restart: true, json: true, timeout: undefined },
    {
      userPort: context.env["PORT"],
      firstPort: held.length > 0 ? Math.min(...held) : FIRST_PORT,
      // The ports of another machine can't be looked at from here; those of our own jobs are not in the way.
      isTaken: (port) =>
        others.some((job) => holds(job, port)) ||
        (isHere && !loaded.some((job) => holds(job, port)) && isPortTaken(port)),
    },
  );
  const jobs = plan.jobs.map((config) => {
    const name = fullName({ session, job: parseJobName(config.name).job });
    return describeJob({ ...config, name });
  });
  return { session, jobs, notices: plan.notices };
}

const portOf = ({ config }: JobBody): number | undefined => {
  const { port } = config;
  return typeof port === "number" ? port : undefined;
};

const ownPort = (job: JobBody, session: string): number | undefined =>
  job.name.startsWith(`${session}.`) ? portOf(job) : undefined;

/** Whether a port is one of a job's. */
function holds(job: JobBody, port: number): boolean {
  const first = portOf(job);
  return first !== undefined && port >= first && port < first + Math.max(PORTS_OF_JOB, job.max_processes);
}
