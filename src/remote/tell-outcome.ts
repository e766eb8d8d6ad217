import { isReached, reportWords } from "./report-words.ts";
import type { ReportBody } from "../wire/report-body.ts";

/** What is said of a change, and the exit code that goes with it. */
export interface Outcome {
  /** For stdout. */
  readonly line: string;
  /** For stderr, a line each. */
  readonly talk: readonly string[];
  readonly exitCode: number;
}

/** What came of starting, restarting or reloading a job. @param done - in words: `started` */
export function runningOutcome(name: string, done: string, report: Partial<ReportBody>): Outcome {
  const { running, wanted } = report;
  const isSo = isReached(report);
  const count = isSo ? `now running ${running}` : `running ${running} of ${wanted}`;
  return {
    line: running === undefined ? `${name}: asked for` : `${name} ${done}, ${count}`,
    talk: reportWords(report),
    exitCode: isSo ? 0 : 1,
  };
}

/** What came of stopping or unloading a job. */
export function stoppedOutcome(name: string, done: string, report: Partial<ReportBody>): Outcome {
  const { running } = report;
  return {
    line: running === undefined ? `${name}: asked for` : `${name} ${done}`,
    talk: reportWords(report),
    exitCode: (running ?? 0) === 0 ? 0 : 1,
  };
}
