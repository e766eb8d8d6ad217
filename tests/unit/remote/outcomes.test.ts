import { describe, expect, test } from "bun:test";
import { isReached, reportWords } from "../../../src/remote/report-words.ts";
import { scaleWords } from "../../../src/remote/scale-words.ts";
import { runningOutcome, stoppedOutcome } from "../../../src/remote/tell-outcome.ts";

const good = { running: 3, wanted: 3, killed: [], problems: [] };
const problem = { label: "default.web.2", reason: 'command "x" was not found' };
const bad = { ...good, running: 2, problems: [problem] };
const told = 'default.web.2 does not run: command "x" was not found';

describe("the words of a report", () => {
  test("name who had to be killed, and who does not run and why", () => {
    expect(reportWords({ ...bad, killed: ["default.web.1"] })).toEqual(["default.web.1 had to be killed", told]);
    expect(reportWords({ problems: [{ label: "a.b.1", reason: "" }] })).toEqual(["a.b.1 does not run"]);
    expect(reportWords({})).toEqual([]);
  });

  test("it is so when as many run as should, and none has a problem; what nobody waited for counts as so", () => {
    expect([isReached(good), isReached({ ...good, running: 4 }), isReached({})]).toEqual([true, true, true]);
    expect([isReached(bad), isReached({ ...good, running: 2 }), isReached({ ...good, problems: [problem] })]).toEqual([
      false,
      false,
      false,
    ]);
  });
});

describe("runningOutcome() and stoppedOutcome()", () => {
  test('say "now running N" only when N run', () => {
    expect(runningOutcome("a.b", "started", good)).toEqual({
      line: "a.b started, now running 3",
      talk: [],
      exitCode: 0,
    });
    expect(runningOutcome("a.b", "started", bad)).toEqual({
      line: "a.b started, running 2 of 3",
      talk: [told],
      exitCode: 1,
    });
  });

  test("what was not waited for was asked for", () => {
    const asked = { line: "a.b: asked for", talk: [], exitCode: 0 };
    expect(runningOutcome("a.b", "started", {})).toEqual(asked);
    expect(stoppedOutcome("a.b", "stopped", {})).toEqual(asked);
  });

  test("a stop tells who had to be killed; it is a stop all the same", () => {
    expect(stoppedOutcome("a.b", "stopped", { running: 0, wanted: 0, killed: ["a.b.1"], problems: [] })).toEqual({
      line: "a.b stopped",
      talk: ["a.b.1 had to be killed"],
      exitCode: 0,
    });
  });
});

describe("scaleWords()", () => {
  test("are those of gaffer 0.5 when it is so", () => {
    expect(scaleWords("dummy", { ...good, numprocesses: 3, clamped: false })).toEqual({
      line: "Scaling dummy processes... done, now running 3",
      talk: [],
      exitCode: 0,
    });
  });

  test("else they say what is so", () => {
    expect(scaleWords("web", { ...bad, numprocesses: 3, clamped: false })).toEqual({
      line: "Scaling web processes... not done, running 2 of 3",
      talk: [told],
      exitCode: 1,
    });
    expect(scaleWords("web", { numprocesses: 5, clamped: false })).toEqual({
      line: "Scaling web processes... asked for, 5 wanted",
      talk: [],
      exitCode: 0,
    });
    expect(scaleWords("web", { ...good, running: 0, wanted: 0, numprocesses: 0, clamped: true })).toEqual({
      line: "Scaling web processes... done, now running 0",
      talk: ["web: fewer than none can't be: it is 0 now"],
      exitCode: 0,
    });
  });
});
