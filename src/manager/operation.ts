/** What came of a command, when its end is reached. */
export interface Report {
  /** How many processes run. */
  readonly running: number;
  /** How many should. */
  readonly wanted: number;
  /** Labels of the processes that had to be killed by SIGKILL. */
  readonly killed: readonly string[];
  /** Slots that should run and do not, with the reason in words. */
  readonly problems: readonly { readonly label: string; readonly reason: string }[];
}

/** A command that was accepted: it has taken effect already, and its end may be waited for. */
export interface Operation<Result> {
  readonly result: Result;
  /** Resolves when everything it set off is over; never rejects. */
  readonly done: Promise<Report>;
}

/** The report on what was over before it began. */
export const nothingLeft: Report = { running: 0, wanted: 0, killed: [], problems: [] };

/** One report on several operations, when all of them are over. */
export async function allDone(operations: readonly Operation<unknown>[]): Promise<Report> {
  const reports = await Promise.all(operations.map((operation) => operation.done));
  return {
    running: reports.reduce((sum, report) => sum + report.running, 0),
    wanted: reports.reduce((sum, report) => sum + report.wanted, 0),
    killed: reports.flatMap((report) => report.killed),
    problems: reports.flatMap((report) => report.problems),
  };
}
