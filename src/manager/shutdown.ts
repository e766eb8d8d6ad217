import type { Job } from "./job.ts";
import type { Turn } from "./turn.ts";

/** What is being shut down. */
export interface ShutdownJobs {
  readonly loaded: Iterable<Job>;
  /** Unloaded jobs whose processes are still being stopped. */
  readonly leaving: Iterable<Job>;
  readonly turn: Turn;
}

/**
 * Stops jobs in reverse order of their priorities, those of one priority together, the next only when they are gone.
 * Detached processes that run are left to live on.
 *
 * @returns when nothing else is left.
 */
export async function shutDown({ loaded, leaving, turn }: ShutdownJobs): Promise<void> {
  const jobs = [...loaded];
  turn.run(() => jobs.forEach((job) => job.freeze()));
  const ends = Array.from(leaving, (job) => job.settled());
  const priorities = [...new Set(jobs.map((job) => job.config.priority))];
  for (const priority of priorities.toSorted((a, b) => (a < b ? 1 : -1))) {
    const level = jobs.filter((job) => job.config.priority === priority).toReversed();
    turn.run(() => level.forEach((job) => job.leave()));
    await Promise.all(level.map((job) => job.settled()));
  }
  await Promise.all(ends);
}
