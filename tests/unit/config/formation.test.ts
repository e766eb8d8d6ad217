import { expect, test } from "bun:test";
import { parseFormation } from "../../../src/config/formation.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const jobs = ["web", "worker", "clock"];

test.each<[string[], Record<string, number>]>([
  [[], { web: 1, worker: 1, clock: 1 }],
  [["web=2,worker=3"], { web: 2, worker: 3, clock: 1 }],
  [["web=2", "worker=0"], { web: 2, worker: 0, clock: 1 }],
  [["all=0,web=2"], { web: 2, worker: 0, clock: 0 }],
  [["web=2,all=4"], { web: 2, worker: 4, clock: 4 }],
  [["web=2", "web=5"], { web: 5, worker: 1, clock: 1 }],
  [[" web = 2 , clock=0"], { web: 2, worker: 1, clock: 0 }],
  [["web=010000"], { web: 10_000, worker: 1, clock: 1 }],
])("parseFormation(%j) is %j", (texts, expected) => {
  expect(Object.fromEntries(parseFormation(texts, jobs))).toEqual(expected);
});

test("parseFormation() lets a job called all be a job", () => {
  expect(Object.fromEntries(parseFormation(["all=3"], ["web", "all"]))).toEqual({ web: 1, all: 3 });
});

test.each([
  ["web", "write job=count, such as web=2,worker=3"],
  ["", "write job=count, such as web=2,worker=3"],
  ["3", "write job=count, such as web=2,worker=3"],
  ["=3", "write job=count, such as web=2,worker=3"],
  ["web=", "a count is a whole number from 0 to 10000"],
  ["web=-1", "a count is a whole number from 0 to 10000"],
  ["web=1.5", "a count is a whole number from 0 to 10000"],
  ["web=two", "a count is a whole number from 0 to 10000"],
  ["web=0x10", "a count is a whole number from 0 to 10000"],
  ["web=10001", "a count is a whole number from 0 to 10000"],
  [`web=${"9".repeat(400)}`, "a count is a whole number from 0 to 10000"],
])("parseFormation() refuses %j", (text, fact) => {
  expect(thrownBy(() => parseFormation([text], jobs))).toEqual({
    code: "usage",
    message: `Cannot use concurrency ${JSON.stringify(text)}: ${fact}`,
  });
});

test("parseFormation() refuses an unknown job, naming the nearest and all there are", () => {
  expect(thrownBy(() => parseFormation(["web=1,wroker=2"], jobs))).toEqual({
    code: "usage",
    message:
      'Cannot use job "wroker": the Procfile has none of that name (did you mean "worker"?); it has web, worker, clock',
  });
});
