import { GafferError } from "../base/gaffer-error.ts";
import { MOST_PROCESSES } from "./job-check.ts";

/** A new number of processes, and whether it was stopped at 0 on the way down. */
export interface Scaled {
  readonly numprocesses: number;
  readonly clamped: boolean;
}

/**
 * Applies a scale operation: a number or `"N"` or `"+N"` adds, a negative number or `"-N"` takes away, `"=N"` sets.
 *
 * @throws {@link GafferError} `bad_operation` if it is none of these, or leads to more than {@link MOST_PROCESSES}.
 */
export function applyScale(current: number, operation: number | string): Scaled {
  const [, operator = "+", digits] = /^\s*([+=-]?)\s*(\d{1,15})\s*$/.exec(String(operation)) ?? [];
  if (digits === undefined) {
    const ways = 'a number is added, "+2" adds, "-2" takes away, "=2" sets';
    throw new GafferError("bad_operation", `Cannot scale by ${JSON.stringify(operation)}: ${ways}`);
  }
  const amount = Number(digits);
  const wanted = operator === "=" ? amount : operator === "-" ? current - amount : current + amount;
  if (wanted > MOST_PROCESSES) {
    throw new GafferError("bad_operation", `Cannot scale to ${wanted}: ${MOST_PROCESSES} processes are the most`);
  }
  return { numprocesses: Math.max(0, wanted), clamped: wanted < 0 };
}
