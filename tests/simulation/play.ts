import { History, type HistoryOptions } from "./history.ts";

/** A history that broke a promise. */
export interface Failure {
  readonly seed: number;
  readonly error: unknown;
  /** Every step of it. */
  readonly steps: readonly string[];
}

/**
 * Plays histories until one fails.
 *
 * @param from - seed of the first; the others follow it.
 * @returns the failure, its steps replayed from its seed; undefined when all went well.
 */
export async function playHistories(
  { from, count }: { from: number; count: number },
  options: HistoryOptions = {},
): Promise<Failure | undefined> {
  for (let seed = from; seed < from + count; seed++) {
    const error = await errorOf(seed, options);
    if (error === undefined) continue;
    const steps: string[] = [];
    const again = await errorOf(seed, { ...options, log: (line) => steps.push(line) });
    return { seed, error: again ?? new Error("it failed once and not again", { cause: error }), steps };
  }
  return undefined;
}

async function errorOf(seed: number, options: HistoryOptions): Promise<unknown> {
  try {
    await new History(seed, options).play();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** A failure as it is printed: the seed that repeats it, its steps, and what was broken. */
export function describeFailure({ seed, error, steps }: Failure): string {
  const fact = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return [
    `history ${seed} failed; its steps:`,
    ...steps,
    fact,
    `repeat it: bun tests/simulation/run.ts --seed ${seed}`,
  ].join("\n");
}
