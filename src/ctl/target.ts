import { GafferError } from "../base/gaffer-error.ts";
import { fullName, parseJobName } from "../base/job-name.ts";
import type { DaemonClient } from "../client/daemon-client.ts";
import { Job } from "../client/job.ts";

/** What a word on the command line means: a process by its number, or a job. */
export type Target =
  | { readonly kind: "process"; readonly id: number }
  | { readonly kind: "job"; readonly name: string };

/** The first word of a command. @throws {@link GafferError} `usage` that says what it must name, if there is none */
export function neededWord(
  [word]: readonly string[],
  { command, what }: { readonly command: string; readonly what: string },
): string {
  if (word !== undefined) return word;
  throw new GafferError("usage", `Cannot ${command}: name ${what}; see "gaffer help ctl ${command}"`);
}

/** Full name of a job. @throws {@link GafferError} `job_invalid` */
export const fullNameOf = (name: string): string => fullName(parseJobName(name));

/**
 * What a word means: digits are the number of a process, `web.2` or `shop.web.2` the process in a slot, all else is a job.
 *
 * @throws {@link GafferError} `job_not_found`, `process_not_found` if the slot is empty.
 */
export async function resolveTarget(client: DaemonClient, word: string): Promise<Target> {
  if (/^\d+$/.test(word)) return { kind: "process", id: Number(word) };
  const [, job, digits] = /^(.+)\.(\d+)$/.exec(word) ?? [];
  if (job === undefined) return { kind: "job", name: fullNameOf(word) };
  const { slots } = await new Job(client, job).info();
  const id = slots.find(({ slot }) => slot === Number(digits))?.pid;
  if (typeof id === "number") return { kind: "process", id };
  throw new GafferError("process_not_found", `Cannot find process "${word}": there is none in slot ${digits}`);
}

/** The number of the one process a word means; a job that has exactly one will do. */
export async function resolveProcess(client: DaemonClient, word: string): Promise<number> {
  const target = await resolveTarget(client, word);
  if (target.kind === "process") return target.id;
  const pids = await new Job(client, target.name).pids();
  const [only] = pids;
  if (only !== undefined && pids.length === 1) return only;
  const fact = pids.length === 0 ? "it has no process" : `it has ${pids.length} processes: ${pids.join(", ")}`;
  throw new GafferError("process_not_found", `Cannot tell which process of job "${target.name}" is meant: ${fact}`);
}
