import type { Difference } from "../manager/session-difference.ts";

const lines = (word: string, names: readonly string[]): string[] => names.map((name) => `job ${name}: ${word}`);

/** What a reload did, a line a job. */
export function reloadReport({ unchanged, changed, added, removed }: Difference): string[] {
  return [
    ...lines("unchanged", unchanged),
    ...lines("changed", changed),
    ...lines("added", added),
    ...lines("removed", removed),
  ];
}
