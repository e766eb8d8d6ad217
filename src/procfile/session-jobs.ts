import { GafferError } from "../base/gaffer-error.ts";
import { didYouMean } from "../base/nearest.ts";
import type { DaemonClient } from "../client/daemon-client.ts";
import { Server } from "../client/server.ts";
import type { CliContext } from "../cli/command.ts";
import type { JobBody } from "../wire/job-body.ts";
import type { ApplicationChoice } from "./application-flags.ts";
import { chooseSession, ownSession } from "./session-choice.ts";

/** How the jobs of a session stand. @throws {@link GafferError} `session_not_found` that names the nearest */
export async function sessionJobs(client: DaemonClient, session: string): Promise<readonly JobBody[]> {
  const jobs = await new Server(client).infos();
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
  const jobs = await new Server(client).jobs();
  const ofSession = (session: string): string[] => jobs.filter((name) => name.startsWith(`${session}.`));
  const found = (words.length === 0 ? ["."] : words).flatMap((word) => {
    if (word === ".") {
      const session = chooseSession(".", choice, context);
      return orMissing(ofSession(session), { word: session, jobs, own: session });
    }
    const exact = jobs.filter((name) => name === word.replace(/[/:]/, "."));
    if (exact.length > 0) return exact;
    const session = ownSession(choice, context);
    const own = jobs.filter((name) => name === `${session}.${word}`);
    return own.length > 0 ? own : orMissing(ofSession(word), { word, jobs, own: session });
  });
  return [...new Set(found)];
}

/** What was found, or an error that names the nearest of all there is. */
function orMissing(
  found: string[],
  { word, jobs, own }: { readonly word: string; readonly jobs: readonly string[]; readonly own: string },
): string[] {
  if (found.length > 0) return found;
  const known = jobs.flatMap((name) => {
    const [session = "", job = ""] = name.split(".");
    return session === own ? [name, session, job] : [name, session];
  });
  throw new GafferError(
    "session_not_found",
    `Cannot find ${JSON.stringify(word)}: neither an application nor a job of that name is loaded${didYouMean(word, new Set(known))}`,
  );
}
