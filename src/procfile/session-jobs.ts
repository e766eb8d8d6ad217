import { GafferError } from "../base/gaffer-error.ts";
import { didYouMean } from "../base/nearest.ts";
import type { DaemonClient } from "../client/daemon-client.ts";
import type { CliContext } from "../cli/command.ts";
import type { JobBody } from "../wire/job-body.ts";
import type { ApplicationChoice } from "./application-flags.ts";
import { chooseSession, ownSession } from "./session-choice.ts";

/** How the jobs of a session stand. @throws {@link GafferError} `session_not_found` that names the nearest */
export async function sessionJobs(client: DaemonClient, session: string): Promise<readonly JobBody[]> {
  const { jobs } = await client.json<{ jobs: JobBody[] }>("/jobs", { query: { full: true } });
  const own = jobs.filter(({ name }) => name.startsWith(`${session}.`));
  if (own.length > 0) return own;
  const sessions = new Set(jobs.map(({ name }) => name.slice(0, name.indexOf("."))));
  const near = didYouMean(session, sessions);
  throw new GafferError(
    "session_not_found",
    `Cannot find application "${session}": no job of it is loaded${near}; gaffer load loads it`,
  );
}

/**
 * The jobs that words mean: an application, `app.job`, or a job of the project we are in; without words all of that project.
 *
 * @returns full names.
 * @throws {@link GafferError} `session_not_found`, `job_not_found`
 */
export async function namedJobs(
  client: DaemonClient,
  { words, choice }: { readonly words: readonly string[]; readonly choice: ApplicationChoice },
  context: Pick<CliContext, "cwd">,
): Promise<string[]> {
  const { jobs } = await client.json<{ jobs: string[] }>("/jobs");
  const ofSession = (session: string): string[] => jobs.filter((name) => name.startsWith(`${session}.`));
  const found = (words.length === 0 ? ["."] : words).flatMap((word) => {
    if (word === ".")
      return orMissing(ofSession(chooseSession(".", choice, context)), chooseSession(".", choice, context));
    const exact = jobs.filter((name) => name === word.replace(/[/:]/, "."));
    if (exact.length > 0) return exact;
    const own = jobs.filter((name) => name === `${ownSession(choice, context)}.${word}`);
    return own.length > 0 ? own : orMissing(ofSession(word), word);
  });
  return [...new Set(found)];
}

function orMissing(jobs: string[], word: string): string[] {
  if (jobs.length > 0) return jobs;
  throw new GafferError(
    "session_not_found",
    `Cannot find ${JSON.stringify(word)}: neither an application nor a job of that name is loaded`,
  );
}
