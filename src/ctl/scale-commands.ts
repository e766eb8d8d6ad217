import { GafferError } from "../base/gaffer-error.ts";
import { didYouMean } from "../base/nearest.ts";
import { Job } from "../client/job.ts";
import { Server } from "../client/server.ts";
import type { Command } from "../cli/command.ts";
import { waitFlags, waitSeconds } from "../cli/connection-flags.ts";
import { print } from "../cli/stdout.ts";
import { parseScaleArgument } from "../config/scale-arguments.ts";
import { scaleWords } from "../remote/scale-words.ts";
import { ctlCommand } from "./ctl-call.ts";
import { tellOutcome } from "../cli/connected-command.ts";
import { fullNameOf } from "./target.ts";

/** `add` and `sub`: as gaffer 0.4 has them, they print the new number. */
function stepCommand(name: "add" | "sub", operator: "+" | "-"): Command {
  const what = name === "add" ? "Add to" : "Take away from";
  const spec = {
    name,
    summary: `${what} the number of processes of a job`,
    examples: [`gaffer ctl ${name} web 2`],
    positionals: { name: "job n", description: "The job, and how many; 1 if it is left out", most: 2 },
    flags: waitFlags,
  } as const;
  return ctlCommand(spec, async ({ client, args, flags }) => {
    const [job, count = "1"] = args;
    if (job === undefined) throw new GafferError("usage", `Cannot ${name}: name a job`);
    if (!/^\d+$/.test(count))
      throw new GafferError("usage", `Cannot ${name} ${JSON.stringify(count)}: it takes a number`);
    const scaled = await new Job(client, job).scale(operator + count, { wait: waitSeconds(flags) });
    print(`${scaled.numprocesses}\n`);
    const { talk, exitCode } = scaleWords(job, scaled);
    return tellOutcome({ line: "", talk, exitCode });
  });
}

/** Adds to the number of processes of a job. */
export const addCommand: Command = stepCommand("add", "+");
/** Takes away from it. */
export const subCommand: Command = stepCommand("sub", "-");

const spec = {
  name: "scale",
  summary: "Change how many processes jobs have",
  examples: ["gaffer ctl scale web=3 worker+2 api-1", "gaffer ctl scale web =3"],
  positionals: { name: "job=N…", description: "job=N sets, job+N adds, job-N takes away" },
  flags: waitFlags,
} as const;

/** Changes how many processes jobs have. */
export const scaleCommand: Command = ctlCommand(spec, async ({ client, args, flags }) => {
  if (args.length === 0) throw new GafferError("usage", "Cannot scale: say how, such as web=3");
  const jobs = await new Server(client).jobs();
  const known = [...jobs, ...jobs.map((name) => name.replace(/^default\./, ""))];
  const [first = "", second = ""] = args;
  // "web =3", "web +2": the name on its own, as gafferctl's other commands have it.
  const isApart = args.length === 2 && /^[=+-]\d+$/.test(second);
  const wanted = (isApart ? [first + second] : args).map((argument) => parseScaleArgument(argument, known));
  // All are there, or none is changed.
  const missing = wanted.map(({ job }) => fullNameOf(job)).find((name) => !jobs.includes(name));
  if (missing !== undefined) {
    const near = didYouMean(missing, jobs);
    throw new GafferError("job_not_found", `Cannot scale job "${missing}": no such job is loaded${near}`);
  }
  const codes: number[] = [];
  for (const { job, operation } of wanted) {
    const scaled = await new Job(client, job).scale(operation, { wait: waitSeconds(flags) });
    codes.push(tellOutcome(scaleWords(job, scaled)));
  }
  return Math.max(...codes);
});
