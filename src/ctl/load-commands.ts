import { readFileSync } from "node:fs";
import { GafferError } from "../base/gaffer-error.ts";
import { parseJobName } from "../base/job-name.ts";
import type { DaemonClient } from "../client/daemon-client.ts";
import type { Command } from "../cli/command.ts";
import { waitFlags, waitSeconds } from "../cli/connection-flags.ts";
import type { ReportBody } from "../remote/report-body.ts";
import { type Outcome, runningOutcome } from "../remote/tell-outcome.ts";
import { ctlCommand } from "./ctl-call.ts";
import { tell } from "./state-commands.ts";
import { fullNameOf, jobPath } from "./target.ts";

type Settings = Readonly<Record<string, unknown>>;

const startFlag = { start: { type: "boolean", description: "Start it, too" } } as const;

/**
 * The jobs of a JSON file: one object, or `{"jobs": […]}`.
 *
 * @param file - its path; `-` is stdin.
 * @throws {@link GafferError} `usage`
 */
export function readJobFile(file: string): Settings[] {
  const refuse = (fact: string, cause?: unknown): GafferError =>
    new GafferError("usage", `Cannot read job file ${JSON.stringify(file)}: ${fact}`, { cause });
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file === "-" ? 0 : file, "utf8"));
  } catch (error) {
    throw refuse(
      error instanceof Error && "code" in error ? String(error.code) : `it is not JSON (${String(error)})`,
      error,
    );
  }
  if (!isObject(value)) throw refuse("it must hold an object");
  const jobs = "jobs" in value ? value["jobs"] : [value];
  if (!Array.isArray(jobs) || !jobs.every(isObject)) throw refuse('"jobs" must be a list of objects');
  return jobs;
}

const isObject = (value: unknown): value is Settings =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Loads one job. */
async function load(client: DaemonClient, settings: Settings, wait: number | undefined): Promise<Outcome> {
  const { name } = settings;
  const { session, job } = parseJobName(typeof name === "string" ? name : "");
  const report = await client.json<Partial<ReportBody>>(`/jobs/${session}`, {
    method: "POST",
    body: { ...settings, name: job },
    wait,
  });
  if (settings["start"] !== false) return runningOutcome(`${session}.${job}`, "loaded", report);
  return { line: `${session}.${job} loaded, not started`, talk: [], exitCode: 0 };
}

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
    for (const job of readJobFile(file)) {
      const start = flags.start || (job["start"] ?? startsByItself);
      codes.push(tell(await load(client, { ...job, start }, waitSeconds(flags))));
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

const words = (cmd: readonly string[]): Settings =>
  cmd.length === 1 ? { cmd: cmd[0] } : { cmd: cmd[0], args: cmd.slice(1) };

/** Loads a job by name and command. */
export const addProcessCommand: Command = ctlCommand(addSpec, async ({ client, args: [name, ...cmd], flags }) => {
  if (name === undefined || cmd.length === 0) {
    throw new GafferError("usage", "Cannot add a job: give its name and its command");
  }
  return tell(await load(client, { name, ...words(cmd), start: flags.start }, waitSeconds(flags)));
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
  const path = jobPath(name);
  const { config, active } = await client.json<{ config: Settings; active: boolean }>(path);
  const body = { ...config, args: [], ...words(cmd), start: active };
  const report = await client.json<Partial<ReportBody>>(path, { method: "PUT", body, wait: waitSeconds(flags) });
  return tell(runningOutcome(fullNameOf(name), "updated", report));
});
