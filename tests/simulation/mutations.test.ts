import { describe, expect, test } from "bun:test";
import { plantedBugs } from "./planted-bugs.ts";
import { playHistories } from "./play.ts";

describe("the simulation notices", () => {
  for (const { name, plant, options } of plantedBugs) {
    test(name, async () => {
      const takeOut = plant?.();
      try {
        const failure = await playHistories({ from: 1, count: 1500 }, options);
        expect(failure?.error).toBeInstanceOf(Error);
        // The seed alone repeats it, step by step.
        const again = await playHistories({ from: failure?.seed ?? 0, count: 1 }, options);
        expect(String(again?.error)).toBe(String(failure?.error));
        expect(again?.steps).toEqual(failure?.steps ?? []);
      } finally {
        takeOut?.();
      }
    });
  }
});
