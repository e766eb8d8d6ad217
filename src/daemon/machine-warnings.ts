import { GafferError } from "../base/gaffer-error.ts";
import type { DaemonConfig } from "../config/daemon-config.ts";
import { planLaunch } from "../host/launch-plan.ts";
import { resolveJob } from "../manager/job-settings.ts";
import { type Surroundings, SpawnRequests } from "../manager/spawn-request.ts";

/**
 * What of this machine would keep jobs from being started now: a command, a folder, a user that is not there. It may be there when the
 * time comes, so these are no errors.
 */
export function machineWarnings({ jobs }: DaemonConfig, surroundings: Surroundings): string[] {
  return jobs.flatMap((settings) => {
    const config = resolveJob(settings);
    try {
      planLaunch(new SpawnRequests(config, surroundings).for({ id: 0, slot: 1 }));
      return [];
    } catch (error) {
      if (!(error instanceof GafferError)) throw error;
      return [`job ${config.name} could not be started now: ${error.message}`];
    }
  });
}
