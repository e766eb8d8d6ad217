import { readFileSync } from "node:fs";
import { GafferError } from "../base/gaffer-error.ts";
import { Job } from "../client/job.ts";
import type { Command } from "../cli/command.ts";
import { waitFlags, waitSeconds } from "../cli/connection-flags.ts";
import { loadJob, readJobFile, refuseLoaded } from "../remote/load-job.ts";
import { runningOutcome } from "../remote/tell-outcome.ts";
import { ctlCommand } from "./ctl-call.ts";
import { tellOutcome } from "../cli/connected-command.ts";

const startFlag = { start: { type: "boolean", description: "Start it, too" } } as const;

function loadFileCommand(name: "load" | "load_process", summary: string, startsByItself: boolean): Command {
  const spec = {
    name,
    summary,
    examples: [`gaffer ctl ${name} web.json`, `gaffer ctl ${name} - < web.json`],
    positionals: { name: "file", description: "JSON file of a job, or of several under jobs; - is stdin", most: 1 },
    flags: { ...waitFlags, ...startFlag },
  } as const;
  return ctlCommand(spec, async ({ client, args: [file], flags }) => {
    if (file === undefined) throw new GafferError("usage", `Cannot ${name}: name a file, or - for stdin`);
    const codes: number[] = [];
    const jobs = readJobFile(file, (path) => readFileSync(path, "utf8"));
    await refuseLoaded(client, jobs);
    for (const job of jobs) {
      const start = flags.start || (job["start"] ?? startsByItself);
      codes.push(tellOutcome(await loadJob(client, { ...job, start }, waitSeconds(flags))));
    }
    return Math.max(0, ...codes);
  });
}

/** Loads the jobs of a file, and starts them. */
export const loadCommand: Command = loadFileCommand("load", "Load the jobs of a JSON file, and start them", true);
/** The same as gaffer 0.4 has it: nothing is started that does not ask for it. */
export const loadProcessCommand: Command = loadFileCommand(
  "load_process",
  "Load the jobs of a JSON file; they start only with --start or their own start",
  false,
);

const addSpec = {
  name: "add_process",
  summary: "Load a job; it starts only with --start",
  examples: ['gaffer ctl add_process --start web "python3 -m http.server 8000"'],
  positionals: { name: "name cmd…", description: "Name of the job, and its command line" },
  flags: { ...waitFlags, ...startFlag },
} as const;

/** A command line that is one word is split, several are taken as they are. */
function words([cmd = "", ...args]: readonly string[]): { cmd: string; args?: readonly string[] } {
  return args.length === 0 ? { cmd } : { cmd, args };
}

/** Loads a job by name and command. */
export const addProcessCommand: Command = ctlCommand(addSpec, async ({ client, args: [name, ...cmd], flags }) => {
  if (name === undefined || cmd.length === 0) {
    throw new GafferError("usage", "Cannot add a job: give its name and its command");
  }
  return tellOutcome(await loadJob(client, { name, ...words(cmd), start: flags.start }, waitSeconds(flags)));
});

const updateSpec = {
  name: "update_process",
  summary: "Give a job another command; the rest of its settings stays",
  examples: ['gaffer ctl update_process web "python3 -m http.server 8001"'],
  positionals: { name: "name cmd…", description: "The job, and its new command line" },
  flags: waitFlags,
} as const;

/** Gives a job another command. */
export const updateProcessCommand: Command = ctlCommand(updateSpec, async ({ client, args: [name, ...cmd], flags }) => {
  if (name === undefined || cmd.length === 0) {
    throw new GafferError("usage", "Cannot update a job: give its name and its new command");
  }
  const job = new Job(client, name);
  const { config, active } = await job.info();
  const settings = { ...config, args: [], ...words(cmd), start: active };
  const report = await job.update(settings, { wait: waitSeconds(flags) });
  return tellOutcome(runningOutcome(job.name, "updated", report));
});
