import type { ReportBody } from "../wire/report-body.ts";

/** What there is to say of a report besides its numbers, a line each. */
export function reportWords({ killed = [], problems = [] }: Partial<ReportBody>): string[] {
  return [
    ...killed.map((label) => `${label} had to be killed`),
    ...problems.map(({ label, reason }) => `${label} does not run${reason === "" ? "" : `: ${reason}`}`),
  ];
}

/** Whether what was asked for is so; what was not waited for counts as so. */
export const isReached = ({ running = 0, wanted = running, problems = [] }: Partial<ReportBody>): boolean =>
  problems.length === 0 && running >= wanted;
