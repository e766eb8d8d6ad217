import type { CliContext } from "../cli/command.ts";
import type { EnvSettings } from "../config/env-sources.ts";
import type { Procfile } from "../config/procfile.ts";
import { type ApplicationChoice, readSettings } from "./application-flags.ts";
import { Mistakes } from "./mistakes.ts";
import { checkScripts } from "./script-check.ts";
import { type StartChoice, startedJobs } from "./start-plan.ts";
import { checkVariables } from "./variable-check.ts";

/** Reads the environment, and refuses what cannot be started: everything at once, before anything is. */
export function readChecked(
  procfile: Procfile,
  choice: ApplicationChoice & Pick<StartChoice, "jobs" | "concurrency">,
  context: CliContext,
): EnvSettings {
  const jobs = startedJobs(procfile, choice);
  const mistakes = new Mistakes();
  mistakes.collect(() => checkScripts(procfile, jobs));
  const settings = mistakes.collect(() => readSettings(choice, context, procfile.names()));
  mistakes.collect(() => settings && checkVariables(procfile, jobs, { env: settings.env, user: context.env }));
  mistakes.throwAny();
  if (settings === undefined) throw new Error("settings were refused without a reason");
  return settings;
}
