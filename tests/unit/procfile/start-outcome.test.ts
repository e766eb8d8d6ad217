import { expect, test } from "bun:test";
import { type OutcomeRules, StartOutcome } from "../../../src/procfile/start-outcome.ts";

const outcome = (rules: Partial<OutcomeRules> = {}): StartOutcome =>
  new StartOutcome({ total: 3, exitWithFirst: false, restarts: true, ...rules });

/** The code, or undefined while nothing is decided. */
const codeOf = ({ decided }: StartOutcome): Promise<number | undefined> =>
  Promise.race([decided, Promise.resolve(undefined)]);

test("StartOutcome is open while processes end and are started again", async () => {
  const run = outcome();
  for (const code of [0, 1, 2, 3]) run.processEnded(code);
  expect(await codeOf(run)).toBeUndefined();
});

test("StartOutcome with --exit is the code of the first process that ends", async () => {
  const run = outcome({ exitWithFirst: true });
  run.processEnded(0);
  run.processEnded(3);
  expect(await codeOf(run)).toBe(0);
});

test.each([
  [[0, 0, 0], 0],
  [[0, 7, 3], 7],
  [[137, 0, 0], 137],
])("StartOutcome of processes that run once and end with %j is %p", async (codes, expected) => {
  const run = outcome({ restarts: false });
  for (const code of codes) {
    expect(await codeOf(run)).toBeUndefined();
    run.processEnded(code);
  }
  expect(await codeOf(run)).toBe(expected);
});

test("StartOutcome of a signal is 128 and its number, whatever ends after it", async () => {
  const run = outcome({ exitWithFirst: true });
  run.signalled(2);
  run.processEnded(1);
  run.signalled(15);
  expect(await codeOf(run)).toBe(130);
});

test("StartOutcome is 0 when the reader of the output has gone, 1 when it cannot be written to", async () => {
  const [gone, failed] = [outcome(), outcome()];
  gone.outputClosed(false);
  failed.outputClosed(true);
  expect([await codeOf(gone), await codeOf(failed)]).toEqual([0, 1]);
});
