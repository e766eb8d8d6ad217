import { GafferError } from "./gaffer-error.ts";

/** A session is a namespace of jobs; `session.job` is a job's full name. */
export interface JobName {
  readonly session: string;
  readonly job: string;
}

/** Session of a job that names none. */
export const DEFAULT_SESSION = "default";

const legal = /^[A-Za-z0-9_][A-Za-z0-9_+-]*$/;

/** Whether a text may be a job or session name: letters, digits, `_ + -`, not led by a sign, not all digits. */
export function isLegalName(text: string): boolean {
  return legal.test(text) && !/^\d+$/.test(text);
}

/**
 * Reads `job`, `session.job`, `session/job` or `session:job`.
 *
 * @param session - used when the text names none.
 * @throws {@link GafferError} `job_invalid` if either part is not a legal name.
 */
export function parseJobName(text: string, session: string = DEFAULT_SESSION): JobName {
  const name = split(text, session);
  if (isLegal(name)) return name;
  const rule = "a name is letters, digits, _ + -, begins with a letter, digit or _, and is not all digits";
  throw new GafferError("job_invalid", `Cannot use job name ${JSON.stringify(text)}: ${rule}`);
}

/** Whether {@link parseJobName} reads a text. */
export const isJobName = (text: string): boolean => isLegal(split(text, DEFAULT_SESSION));

function split(text: string, session: string): JobName {
  const cut = text.search(/[./:]/);
  return cut === -1 ? { session, job: text } : { session: text.slice(0, cut), job: text.slice(cut + 1) };
}

const isLegal = ({ session, job }: JobName): boolean => isLegalName(session) && isLegalName(job);

/** `session.job`. */
export function fullName({ session, job }: JobName): string {
  return `${session}.${job}`;
}

/** A folder's name made a legal session name: other characters become `-`, a leading sign is dropped. */
export function toLegalName(folder: string): string {
  const name = folder.replace(/[^A-Za-z0-9_+-]/g, "-").replace(/^[+-]+/, "");
  if (name === "") return DEFAULT_SESSION;
  return isLegalName(name) ? name : `_${name}`;
}
