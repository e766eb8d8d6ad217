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
