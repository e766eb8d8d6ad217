import { GafferError } from "../base/gaffer-error.ts";

/** What one argument of a scale command asks for. */
export interface ScaleArgument {
  readonly job: string;
  /** `=3`, `+2`, `-1`. */
  readonly operation: string;
}

const refuse = (argument: string, fact: string): GafferError =>
  new GafferError("usage", `Cannot scale by ${JSON.stringify(argument)}: ${fact}`);

/**
 * Reads `web=3`, `worker+2`, `api-1`; the last operator counts.
 *
 * @param jobs - names there are: `a-1` is job `a` less one, unless a job `a-1` exists.
 * @throws {@link GafferError} `usage` if it is none of these, or could mean both.
 */
export function parseScaleArgument(argument: string, jobs: readonly string[]): ScaleArgument {
  if (/^\d+$/.test(argument)) throw refuse(argument, "a number alone names no job; write job=3, job+2 or job-1");
  const [, job, operator, digits] = /^(.+)([=+-])(\d+)$/.exec(argument) ?? [];
  if (job === undefined || operator === undefined || digits === undefined) {
    throw refuse(argument, "write job=3, job+2 or job-1");
  }
  if (jobs.includes(argument)) {
    const way = `there is a job of that very name; write ${argument}=N, ${argument}+N or ${argument}-N for it`;
    throw refuse(argument, `${way}, or ${job}=N for the other`);
  }
  return { job, operation: `${operator}${digits}` };
}
