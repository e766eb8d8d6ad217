import type { ReportBody } from "../wire/report-body.ts";

/** How a change is asked for. */
export interface ChangeOptions {
  /** Waits so many seconds for the end of what it sets off; `stop_timeout` if that is not reached. @defaultValue it does not wait */
  readonly wait?: number | undefined;
}

/** What came of a change; empty if it was not waited for. */
export type Change = Partial<ReportBody>;
