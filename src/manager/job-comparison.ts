import type { JobConfig } from "./job-config.ts";

/** Fields that a process is spawned from: a change of any other touches no process. */
const spawnFields = [
  "cmd",
  "args",
  "env",
  "osEnv",
  "port",
  "cwd",
  "uid",
  "gid",
  "shell",
  "redirectOutput",
  "redirectInput",
  "logfile",
  "stderrLogfile",
  "logfileMaxBytes",
  "logfileBackups",
  "customStreams",
  "customChannels",
  "detach",
  "rlimits",
] as const satisfies readonly (keyof JobConfig)[];

/** The values of a config in an order that does not depend on how they were written. */
function canonical(value: unknown): string {
  const text: string | undefined = JSON.stringify(value, (_, part: unknown) => {
    if (part === Infinity) return "unlimited";
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
  return text ?? "";
}

/** Whether processes spawned from `before` are not what `after` asks for. */
export function replacesProcesses(before: JobConfig, after: JobConfig): boolean {
  return spawnFields.some((field) => canonical(before[field]) !== canonical(after[field]));
}

/** Whether two configs ask for the very same job. */
export function isSameJob(before: JobConfig, after: JobConfig): boolean {
  return canonical(before) === canonical(after) && !replacesProcesses(before, after);
}
