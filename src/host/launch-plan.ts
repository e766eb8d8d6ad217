import { GafferError } from "../base/gaffer-error.ts";
import type { ResourceLimit } from "../manager/job-config.ts";
import type { SpawnRequest } from "../manager/process-host.ts";
import { checkFolder, resolveCommand } from "./command-path.ts";
import { type Identity, resolveIdentity } from "./identity.ts";
import { limitNumber, NOFILE } from "./resource-limits.ts";

/** How a request is carried out. */
export interface LaunchPlan {
  readonly path: string;
  readonly identity: Identity | undefined;
  /** Limits by number, `nofile` included when it must be put back. */
  readonly limits: readonly (readonly [number: number, limit: ResourceLimit])[];
  /** Whether more must be done before exec than Bun's spawn can. */
  readonly trampoline: boolean;
}

/** Programs found in this turn of the event loop: a thousand that start together look for theirs once. */
const found = new Map<string, string>();

function findProgram({ argv: [command = ""], cwd, env }: SpawnRequest): string {
  const key = [command, cwd, env["PATH"]].join("\0");
  const known = found.get(key);
  if (known !== undefined) return known;
  checkFolder(cwd);
  const path = resolveCommand(command, cwd, env["PATH"]);
  if (found.size === 0) queueMicrotask(() => found.clear());
  found.set(key, path);
  return path;
}

/**
 * Looks at the machine: is the folder there, the command, the user, and what must be done before exec.
 *
 * @throws {@link GafferError} what keeps the process from being started.
 */
export function planLaunch(request: SpawnRequest): LaunchPlan {
  const identity = resolveIdentity(request.uid, request.gid);
  const path = findProgram(request);
  const limits = Object.entries(request.rlimits).map(([name, limit]) => [limitNumber(name), limit] as const);
  const trampoline = limits.length > 0 || (identity !== undefined && !isBunsToSet(identity));
  return { path, identity, limits, trampoline };
}

/** The largest id that Bun's spawn takes: it reads 32 bits with a sign. */
const LARGEST_SIGNED = 2 ** 31 - 1;

/** Bun's spawn sets user and primary group, and empties the supplementary ones: right only when there are none. */
function isBunsToSet({ uid, gid, groups }: Identity): boolean {
  return groups.length === 0 && uid <= LARGEST_SIGNED && gid <= LARGEST_SIGNED;
}

/** The plan with the soft limit of open files put back by the trampoline. */
export function withNofile(plan: LaunchPlan, nofile: ResourceLimit): LaunchPlan {
  if (plan.limits.some(([number]) => number === NOFILE)) return plan;
  return { ...plan, limits: [...plan.limits, [NOFILE, nofile]], trampoline: true };
}

const words: Readonly<Record<string, readonly [GafferError["code"], string]>> = {
  ENOENT: ["command_not_found", "the program, or the interpreter named in its first line, does not exist"],
  EACCES: ["not_executable", "permission denied"],
  EPERM: ["user_forbidden", "gaffer may not do that here"],
  ENOEXEC: ["not_executable", "it is no program, nor a script that begins with #!"],
  ENOTDIR: ["command_not_found", "a part of its path is no folder"],
  E2BIG: ["spawn_failed", "arguments and environment are too long together"],
  EAGAIN: ["resource_exhausted", "the machine or the user has no process left"],
  ENOMEM: ["resource_exhausted", "the machine has no memory left"],
  EMFILE: ["resource_exhausted", "gaffer has too many open files (raise its nofile limit)"],
  ENFILE: ["resource_exhausted", "the machine has too many open files"],
};

/** What the kernel's refusal means for a request. */
export function launchError(command: string, errnoCode: string, cause?: unknown): GafferError {
  const [code, fact] = words[errnoCode] ?? (["spawn_failed", errnoCode] as const);
  return new GafferError(code, `Cannot run "${command}": ${fact}`, { cause });
}
