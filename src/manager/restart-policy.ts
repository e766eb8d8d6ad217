import type { ExitStatus } from "./exit-status.ts";
import type { RestartPolicy } from "./job-config.ts";

/** Whether what ended with `status` (undefined = it could not be spawned) is to be started again. */
export function isRestarted(policy: RestartPolicy, status: ExitStatus | undefined): boolean {
  if (policy === "on-failure") return status?.code !== 0;
  return policy === "always";
}
