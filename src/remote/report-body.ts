/** What came of a change that was waited for. */
export interface ReportBody {
  /** How many processes run. */
  readonly running: number;
  /** How many should. */
  readonly wanted: number;
  /** Labels of processes that had to be killed. */
  readonly killed: readonly string[];
  /** Processes that should run and do not, and why. */
  readonly problems: readonly { readonly label: string; readonly reason: string }[];
}

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
