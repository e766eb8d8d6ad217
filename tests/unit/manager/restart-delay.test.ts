import { describe, expect, test } from "bun:test";
import { RestartDelay } from "../../../src/manager/restart-delay.ts";

describe("RestartDelay.next()", () => {
  test("doubles from 100 ms to 30 s for lives under a second", () => {
    const delay = new RestartDelay();
    const waits = Array.from({ length: 11 }, () => delay.next(999, 0));
    expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
  });

  test("is nothing for a first life of a second or more", () => {
    expect(new RestartDelay().next(1000, 0)).toBe(0);
  });

  test("stays as it is for a life of 1 to 10 seconds", () => {
    const delay = new RestartDelay();
    expect([delay.next(0, 0), delay.next(0, 0), delay.next(1000, 0), delay.next(9999, 0)]).toEqual([
      100, 200, 200, 200,
    ]);
  });

  test("is forgotten after a life of 10 seconds", () => {
    const delay = new RestartDelay();
    expect([delay.next(0, 0), delay.next(0, 0), delay.next(10_000, 0), delay.next(0, 0)]).toEqual([100, 200, 0, 100]);
  });

  test("is shortened by jitter, by a fifth at most", () => {
    expect(new RestartDelay().next(0, 0.5)).toBe(90);
    expect(new RestartDelay().next(0, 0.999)).toBeGreaterThan(80);
  });
});
