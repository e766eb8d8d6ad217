import { GafferError } from "../base/gaffer-error.ts";
import { unknownJob } from "./procfile.ts";

/** More processes of one job than any machine of ours runs: a typing error. */
const most = 10_000;

/**
 * Reads how many processes each job should have, such as `web=2,worker=0`; `all=1` stands for every job not named.
 *
 * @param texts - what each `-c` was given; of two counts for one job the last stands.
 * @param jobs - names of all jobs, in order.
 * @param present - counts of those not mentioned. @defaultValue 1 of each
 * @returns a count for every job.
 * @throws {@link GafferError} `usage` if a job is unknown (names the nearest), or a count is not 0 to 10000.
 */
export function parseFormation(
  texts: readonly string[],
  jobs: readonly string[],
  present: ReadonlyMap<string, number> = new Map(),
): Map<string, number> {
  const given = new Map<string, number>();
  for (const part of texts.flatMap((text) => text.split(","))) {
    const [name, count] = parsePart(part.trim());
    if (name !== "all" && !jobs.includes(name)) throw unknownJob(name, jobs);
    given.set(name, count);
  }
  // A job that is called "all" means itself.
  const others = jobs.includes("all") ? undefined : given.get("all");
  return new Map(jobs.map((job) => [job, given.get(job) ?? others ?? present.get(job) ?? 1]));
}

function parsePart(part: string): [name: string, count: number] {
  const [, name, digits] = /^([^=]+)=\s*(.*)$/.exec(part) ?? [];
  const refuse = (fact: string): GafferError =>
    new GafferError("usage", `Cannot use concurrency ${JSON.stringify(part)}: ${fact}`);
  if (name === undefined || digits === undefined) throw refuse("write job=count, such as web=2,worker=3");
  const count = /^\d+$/.test(digits) ? Number(digits) : Number.NaN;
  if (!(count <= most)) throw refuse(`a count is a whole number from 0 to ${most}`);
  return [name.trim(), count];
}
