import { GafferError } from "../base/gaffer-error.ts";
import type { JobConfig } from "./job-config.ts";
import { isSameJob } from "./job-comparison.ts";

/** What must be done to make the jobs of a session those of a file. */
export interface SessionDifference {
  readonly unchanged: readonly JobConfig[];
  readonly changed: readonly JobConfig[];
  readonly added: readonly JobConfig[];
  /** Full names. */
  readonly removed: readonly string[];
}

/** What applying a whole session did, by full names. */
export interface Difference {
  readonly unchanged: readonly string[];
  readonly changed: readonly string[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** Compares the jobs there are with those wanted. */
export function compareSession(there: readonly JobConfig[], wanted: readonly JobConfig[]): SessionDifference {
  const before = new Map(there.map((config) => [config.name, config]));
  const after = new Set(wanted.map((config) => config.name));
  const isKept = (config: JobConfig): boolean => {
    const old = before.get(config.name);
    return old !== undefined && isSameJob(old, config);
  };
  const known = wanted.filter((config) => before.has(config.name));
  return {
    unchanged: known.filter(isKept),
    changed: known.filter((config) => !isKept(config)),
    added: wanted.filter((config) => !before.has(config.name)),
    removed: [...before.keys()].filter((name) => !after.has(name)),
  };
}

/** Refuses a list that names a job twice. @throws {@link GafferError} `job_invalid` */
export function refuseTwins(configs: readonly JobConfig[]): void {
  const seen = new Set<string>();
  for (const { name } of configs) {
    if (seen.has(name)) throw new GafferError("job_invalid", `Cannot apply job "${name}": it is there twice`);
    seen.add(name);
  }
}

/** Refuses a list for one session that names a job of another. @throws {@link GafferError} `job_invalid` */
export function refuseStrangers(session: string, configs: readonly JobConfig[]): void {
  const stranger = configs.find(({ name }) => !name.startsWith(`${session}.`));
  if (stranger === undefined) return;
  throw new GafferError(
    "job_invalid",
    `Cannot apply session "${session}": job "${stranger.name}": it is of another session`,
  );
}
