import type { Procfile } from "../config/procfile.ts";
import { procfileKind } from "../config/procfile-text.ts";
import { invalidText, type Problem } from "../config/source-text.ts";
import { inheritableEnv } from "../host/child-environment.ts";
import { namedVariables } from "../manager/command-line.ts";

/** Where the values come from. */
export interface VariableSources {
  /** Of the application's .env files. */
  readonly env: Readonly<Record<string, string>>;
  /** The user's own environment. */
  readonly user: Readonly<Record<string, string | undefined>>;
}

/** What every process is given besides. */
const given = ["PORT", "PS", "GAFFER_JOB", "GAFFER_PROCESS_ID"];

/**
 * Refuses commands that gaffer would expand a name in which has no value: a shell would quietly take it for nothing.
 *
 * @param jobs - names of the jobs to look at.
 * @throws {@link GafferError} `procfile_invalid` that names every such job by place.
 */
export function checkVariables(procfile: Procfile, jobs: readonly string[], { env, user }: VariableSources): void {
  const known = new Set([...given, ...Object.keys(env), ...Object.keys(inheritableEnv(user))]);
  const problems = jobs.flatMap((job): Problem[] => {
    const { shell, cmd, args } = procfile.asDict(job);
    const names = shell ? [] : [cmd, ...args].flatMap(namedVariables).filter((name) => !known.has(name));
    const place = procfile.placeOf(job);
    return [...new Set(names)].map((name) => ({ place, message: withoutValue(job, name) }));
  });
  if (problems.length > 0) throw invalidText(procfileKind, problems);
}

const withoutValue = (job: string, name: string): string =>
  `the command of job "${job}" needs $${name}, which has no value: set it in .env or with -e ${name}=…, or write \${${name}:-} for nothing`;
