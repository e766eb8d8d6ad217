import type { Scaling } from "../client/job.ts";
import { isReached, reportWords } from "./report-words.ts";
import type { Outcome } from "./tell-outcome.ts";

/** `Scaling web processes... done, now running 3`, said only when so many run. @see gaffer 0.5's own words */
export function scaleWords(job: string, scaled: Scaling): Outcome {
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
