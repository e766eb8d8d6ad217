import { DEFAULT_SESSION, parseJobName } from "../../../base/job-name.ts";

/** What gaffer 0.4 calls a job: its bare name in the default session, `group:job` in any other. */
export function legacyName(fullName: string): string {
  const { session, job } = parseJobName(fullName);
  return session === DEFAULT_SESSION ? job : `${session}:${job}`;
}

/** The same for a list of names. @param names - of an answer of ours; what is no text is left out */
export const legacyNames = (names: unknown): string[] =>
  Array.isArray(names) ? names.filter((name) => typeof name === "string").map(legacyName) : [];
