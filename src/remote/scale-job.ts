import { parseJobName } from "../base/job-name.ts";
import { type DaemonClient, pathOf } from "../client/daemon-client.ts";
import { isReached, reportWords } from "./report-words.ts";
import type { ReportBody } from "../wire/report-body.ts";
import type { Outcome } from "./tell-outcome.ts";

/** What came of a scaling. */
export interface ScaledBody extends Partial<ReportBody> {
  readonly numprocesses: number;
  /** It was to be less than none. */
  readonly clamped: boolean;
}

/** Changes how many processes a job has. @throws {@link GafferError} what the daemon refuses it with */
export async function scaleJob(
  client: DaemonClient,
  name: string,
  { operation, wait }: { readonly operation: string; readonly wait: number | undefined },
): Promise<ScaledBody> {
  const { session, job } = parseJobName(name);
  const path = `${pathOf("jobs", session, job)}/numprocesses`;
  return client.json<ScaledBody>(path, { method: "POST", body: { scale: operation }, wait });
}

/** `Scaling web processes... done, now running 3`, said only when so many run. @see gaffer 0.5's own words */
export function scaleWords(job: string, scaled: ScaledBody): Outcome {
  const { numprocesses, running, clamped } = scaled;
  const floor = clamped ? ["fewer than none can't be: it is 0 now"] : [];
  const so = isReached(scaled);
  const end =
    running === undefined
      ? `asked for, ${numprocesses} wanted`
      : so
        ? `done, now running ${numprocesses === 0 ? 0 : running}`
        : `not done, running ${running} of ${numprocesses}`;
  return {
    line: `Scaling ${job} processes... ${end}`,
    talk: [...floor.map((words) => `${job}: ${words}`), ...reportWords(scaled)],
    exitCode: so ? 0 : 1,
  };
}
