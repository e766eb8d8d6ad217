import { GafferError } from "../base/gaffer-error.ts";
import type { CliContext, Command } from "../cli/command.ts";
import type { CommandSpec } from "../cli/flag-spec.ts";
import { parseFlags } from "../cli/parse-flags.ts";
import { print } from "../cli/stdout.ts";
import type { Procfile } from "../config/procfile.ts";
import { procfileKind } from "../config/procfile-text.ts";
import { invalidText, type Problem } from "../config/source-text.ts";
import { planStart } from "./start-plan.ts";
import { checkVariables } from "./variable-check.ts";
import {
  type Application,
  type ApplicationChoice,
  applicationFlags,
  readProcfile,
  readSettings,
} from "./application-flags.ts";

const spec = {
  name: "check",
  summary: "Check the Procfile and its environment without running anything",
  examples: ["gaffer check", "gaffer check -f Procfile.dev -e test.env"],
  flags: { ...applicationFlags, json: { type: "boolean", description: "Write JSON" } },
} as const satisfies CommandSpec;

/** `gaffer check`: reads everything `gaffer start` would, and tells of every mistake at once. */
export const checkCommand: Command = {
  spec,
  run(args, context) {
    const { flags } = parseFlags(spec, args);
    const { jobs, variables } = readAll(flags, context);
    const report = { jobs, variables };
    const text = `valid: ${count(jobs.length, "job")} (${jobs.join(", ")}), ${count(variables.length, "variable")}`;
    print(`${flags.json ? JSON.stringify(report) : text}\n`);
    return 0;
  },
};

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;

/**
 * Has the shell read every line that goes through it, without running anything.
 *
 * @throws {@link GafferError} `procfile_invalid` with what the shell says of each.
 */
function checkScripts(procfile: Procfile): void {
  const problems = procfile.names().flatMap((name): Problem[] => {
    const { shell, cmd } = procfile.asDict(name);
    const said = shell ? Bun.spawnSync(["sh", "-n", "-c", cmd], { stdio: ["ignore", "ignore", "pipe"] }) : undefined;
    if (!said || said.success) return [];
    const words = said.stderr
      .toString()
      .trim()
      .replace(/^\S*sh: (?:-c: )?(?:line )?\d+: /, "");
    return [{ place: procfile.placeOf(name), message: `the shell cannot read the command of job "${name}": ${words}` }];
  });
  if (problems.length > 0) throw invalidText(procfileKind, problems);
}

/** Makes the plan that `gaffer start` would make, on a machine where every port is free. */
function checkPlan(application: Application, { env }: CliContext): void {
  const { procfile, settings } = application;
  checkVariables(procfile, procfile.names(), { env: settings.env, user: env });
  const choice = { jobs: [], concurrency: [], port: undefined, restart: true, json: false, timeout: undefined };
  planStart(application, choice, { userPort: env["PORT"], isTaken: () => false });
}

/** Reads both files even when the first is wrong, so that one run tells of everything. */
function readAll(choice: ApplicationChoice, context: CliContext): { jobs: string[]; variables: string[] } {
  const errors: GafferError[] = [];
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof GafferError)) throw error;
      errors.push(error);
      return undefined;
    }
  };
  const procfile = attempt(() => readProcfile(choice, context));
  const jobs = procfile?.names();
  attempt(() => procfile && checkScripts(procfile));
  // Without a Procfile nothing can be said about the job names in the environment.
  const settings = attempt(() => readSettings(choice, context, jobs));
  attempt(() => procfile && settings && checkPlan({ procfile, settings }, context));
  const [first, ...rest] = errors;
  if (first) {
    const messages = [first, ...rest].map(({ message }) => message);
    throw new GafferError(first.code, messages.join("\n"), { details: first.details, cause: first });
  }
  return { jobs: jobs ?? [], variables: Object.keys(settings?.env ?? {}) };
}
