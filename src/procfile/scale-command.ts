import { GafferError } from "../base/gaffer-error.ts";
import { didYouMean } from "../base/nearest.ts";
import { Job } from "../client/job.ts";
import type { Command } from "../cli/command.ts";
import { tellOutcome } from "../cli/connected-command.ts";
import { waitFlags, waitSeconds } from "../cli/connection-flags.ts";
import { parseScaleArgument } from "../config/scale-arguments.ts";
import { scaleWords } from "../remote/scale-words.ts";
import { daemonCall } from "./daemon-call.ts";
import { chooseSession } from "./session-choice.ts";
import { sessionJobs } from "./session-jobs.ts";

const spec = {
  name: "scale",
  summary: "Change how many processes the jobs of an application in a daemon have",
  examples: ["gaffer scale web=3 worker+2 api-1", "gaffer scale shop web=3"],
  positionals: { name: "[app] job=N…", description: "job=N sets, job+N adds, job-N takes away" },
  flags: waitFlags,
} as const;

const isScale = (word: string): boolean => /[=+-]\d+$/.test(word) || /^\d+$/.test(word);

/** `gaffer scale`. */
export const scaleCommand: Command = daemonCall(spec, async ({ client, args, flags, context }) => {
  const [first = ""] = args;
  const hasName = args.length > 0 && !isScale(first);
  const session = chooseSession(hasName ? first : undefined, flags, context);
  const changes = hasName ? args.slice(1) : args;
  if (changes.length === 0) throw new GafferError("usage", "Cannot scale: say how, such as web=3");
  const known = (await sessionJobs(client, session)).map(({ name }) => name.slice(session.length + 1));
  const wanted = changes.map((change) => parseScaleArgument(change, known));
  const missing = wanted.find(({ job }) => !known.includes(job));
  if (missing !== undefined) {
    throw new GafferError(
      "job_not_found",
      `Cannot scale "${missing.job}": application "${session}" has ${known.join(", ")}${didYouMean(missing.job, known)}`,
    );
  }
  const codes: number[] = [];
  for (const { job, operation } of wanted) {
    const scaled = await new Job(client, job, session).scale(operation, { wait: waitSeconds(flags) });
    codes.push(tellOutcome(scaleWords(job, scaled)));
  }
  return Math.max(...codes);
});
