import { describe, expect, test } from "bun:test";
import { FlappingCounter, parseFlapping } from "../../../src/manager/flapping.ts";

const policy = { attempts: 3, windowMs: 1000, retryInMs: 500, maxRetry: 2 };

describe("FlappingCounter", () => {
  test("pauses at the exit that makes as many as `attempts` within the window", () => {
    const counter = new FlappingCounter(policy);
    expect([0, 500, 1000].map((at) => counter.exit(at, [10]).kind)).toEqual(["go-on", "go-on", "pause"]);
  });

  test("forgets exits that fell out of the window", () => {
    const counter = new FlappingCounter(policy);
    expect([0, 600, 1200, 1800].map((at) => counter.exit(at, [10]).kind)).toEqual(["go-on", "go-on", "go-on", "go-on"]);
  });

  test("gives up after maxRetry pauses in a row", () => {
    const counter = new FlappingCounter({ ...policy, attempts: 1 });
    const verdicts = [0, 500, 1000].map((at) => {
      const verdict = counter.exit(at, [10]);
      counter.resumed(at + 400);
      return verdict;
    });
    expect(verdicts).toEqual([{ kind: "pause", pause: 1 }, { kind: "pause", pause: 2 }, { kind: "give-up" }]);
  });

  test("(2, 30, 1, 3) restarts once, flaps three times, then gives up, as gaffer 0.5 does", () => {
    const counter = new FlappingCounter({ attempts: 2, windowMs: 30_000, retryInMs: 1000, maxRetry: 3 });
    const kinds = [0, 10, 1010, 2010, 3010].map((at) => {
      counter.resumed(at - 5);
      return counter.exit(at, [5]).kind;
    });
    expect(kinds).toEqual(["go-on", "pause", "pause", "pause", "give-up"]);
  });

  test("(2, 1, 7, 5), the documents' example, gives up in the end", () => {
    const counter = new FlappingCounter({ attempts: 2, windowMs: 1000, retryInMs: 7000, maxRetry: 5 });
    let nowMs = 0;
    let pauses = 0;
    for (let kind = ""; kind !== "give-up";) {
      nowMs += 50;
      ({ kind } = counter.exit(nowMs, [50]));
      if (kind !== "pause") continue;
      pauses++;
      nowMs += 7000;
      counter.resumed(nowMs);
    }
    expect(pauses).toBe(5);
  });

  test("counts pauses from nothing when a process started after one outlived the window", () => {
    const counter = new FlappingCounter({ ...policy, attempts: 1 });
    counter.exit(0, [10]);
    counter.resumed(500);
    expect(counter.exit(2000, [1500])).toEqual({ kind: "pause", pause: 1 });
  });

  test("is not calmed by a process that was well all the time", () => {
    const counter = new FlappingCounter({ ...policy, attempts: 1 });
    counter.exit(100_000, [10, 99_000]);
    counter.resumed(100_500);
    expect(counter.exit(100_600, [10, 99_600])).toEqual({ kind: "pause", pause: 2 });
  });

  test("counts exits within a pause, and decides nothing by them", () => {
    const counter = new FlappingCounter({ ...policy, attempts: 2 });
    counter.exit(0, [10]);
    counter.exit(10, [10]);
    counter.note(600);
    counter.resumed(700);
    expect(counter.exit(800, [10])).toEqual({ kind: "pause", pause: 2 });
  });
});

describe("parseFlapping()", () => {
  const expected = { attempts: 2, windowMs: 1000, retryInMs: 7500, maxRetry: 5 };

  test("takes commas or spaces", () => {
    expect(parseFlapping("2, 1, 7.5, 5")).toEqual(expected);
    expect(parseFlapping("2 1 7.5 5")).toEqual(expected);
  });

  test("refuses anything but four parts", () => {
    expect(parseFlapping("2 1 7")).toBeUndefined();
    expect(parseFlapping("2 1 7 5 9")).toBeUndefined();
  });
});
