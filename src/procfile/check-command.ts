import type { CliContext, Command } from "../cli/command.ts";
import type { CommandSpec } from "../cli/flag-spec.ts";
import { parseFlags } from "../cli/parse-flags.ts";
import { print } from "../cli/stdout.ts";
import { Mistakes } from "./mistakes.ts";
import { checkScripts } from "./script-check.ts";
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

/** Makes the plan that `gaffer start` would make, on a machine where every port is free. */
function checkPlan(application: Application, { env }: CliContext): void {
  const { procfile, settings } = application;
  checkVariables(procfile, procfile.names(), { env: settings.env, user: env });
  const choice = { jobs: [], concurrency: [], port: undefined, restart: true, json: false, timeout: undefined };
  planStart(application, choice, { userPort: env["PORT"], isTaken: () => false });
}

/** Reads both files even when the first is wrong, so that one run tells of everything. */
function readAll(choice: ApplicationChoice, context: CliContext): { jobs: string[]; variables: string[] } {
  const mistakes = new Mistakes();
  const procfile = mistakes.collect(() => readProcfile(choice, context));
  const jobs = procfile?.names();
  mistakes.collect(() => procfile && checkScripts(procfile, procfile.names()));
  // Without a Procfile nothing can be said about the job names in the environment.
  const settings = mistakes.collect(() => readSettings(choice, context, jobs));
  mistakes.collect(() => procfile && settings && checkPlan({ procfile, settings }, context));
  mistakes.throwAny();
  return { jobs: jobs ?? [], variables: Object.keys(settings?.env ?? {}) };
}
