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
