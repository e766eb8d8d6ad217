import { GafferError } from "../base/gaffer-error.ts";
import { fullName, parseJobName } from "../base/job-name.ts";
import { readJobFields } from "../manager/job-reader.ts";
import { type DaemonClient, pathOf } from "../client/daemon-client.ts";
import { Server } from "../client/server.ts";
import type { ReportBody } from "../wire/report-body.ts";
import { type Outcome, runningOutcome } from "./tell-outcome.ts";

/** A job by its documented names. */
export type JobObject = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is JobObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * The jobs of a JSON file: one object, or `{"jobs": […]}`.
 *
 * @param file - its path; `-` is stdin.
 * @param read - gives its text; it is given 0 for stdin.
 * @throws {@link GafferError} `usage`
 */
export function readJobFile(file: string, read: (path: string | number) => string): JobObject[] {
  const refuse = (fact: string, cause?: unknown): GafferError =>
    new GafferError("usage", `Cannot read job file ${JSON.stringify(file)}: ${fact}`, { cause });
  let value: unknown;
  try {
    value = JSON.parse(read(file === "-" ? 0 : file));
  } catch (error) {
    const isSystem = error instanceof Error && "code" in error;
    throw refuse(isSystem ? String(error.code) : `it is not JSON (${String(error)})`, error);
  }
  if (!isObject(value)) throw refuse("it must hold an object");
  const jobs = "jobs" in value ? value["jobs"] : [value];
  if (!Array.isArray(jobs) || !jobs.every(isObject)) throw refuse('"jobs" must be a list of objects');
  for (const job of jobs) checkJob(job, refuse);
  return jobs;
}

/** A job that the daemon would refuse must not leave those before it loaded. */
function checkJob(job: JobObject, refuse: (fact: string, cause: unknown) => GafferError): void {
  try {
    readJobFields(job);
  } catch (error) {
    if (error instanceof GafferError) throw refuse(error.message, error);
    throw error;
  }
}

/**
 * Refuses jobs of which one could not be loaded anyhow: none is loaded then.
 *
 * @throws {@link GafferError} `job_invalid` for a name that is none or is there twice, `job_exists` for one that is loaded.
 */
export async function refuseLoaded(client: DaemonClient, jobs: readonly JobObject[]): Promise<void> {
  const seen = new Set(await new Server(client).jobs());
  const loaded = new Set(seen);
  for (const { name } of jobs) {
    const full = fullName(parseJobName(typeof name === "string" ? name : ""));
    if (loaded.has(full)) throw new GafferError("job_exists", `Cannot load job "${full}": it is loaded already`);
    if (seen.has(full)) throw new GafferError("job_invalid", `Cannot load job "${full}": the file names it twice`);
    seen.add(full);
  }
}

/** Loads one job. @throws {@link GafferError} `job_exists`, or what else the daemon refuses it with */
export async function loadJob(client: DaemonClient, settings: JobObject, wait: number | undefined): Promise<Outcome> {
  const { name } = settings;
  const { session, job } = parseJobName(typeof name === "string" ? name : "");
  const report = await client.json<Partial<ReportBody>>(pathOf("jobs", session), {
    method: "POST",
    body: { ...settings, name: job },
    wait,
  });
  if (settings["start"] !== false) return runningOutcome(`${session}.${job}`, "loaded", report);
  return { line: `${session}.${job} loaded, not started`, talk: [], exitCode: 0 };
}
