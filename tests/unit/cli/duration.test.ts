import { expect, test } from "bun:test";
import { shortDuration } from "../../../src/cli/duration.ts";

test.each<[number, string]>([
  [0, "0s"],
  [0.99, "0s"],
  [-5, "0s"],
  [1, "1s"],
  [59.9, "59s"],
  [60, "1m"],
  [61, "1m 1s"],
  [725, "12m 5s"],
  [3600, "1h"],
  [3601, "1h"],
  [3660, "1h 1m"],
  [86_399, "23h 59m"],
  [86_400, "1d"],
  [86_460, "1d"],
  [273_600, "3d 4h"],
  [100 * 86_400, "100d"],
])("%p seconds are %s", (seconds, text) => {
  expect(shortDuration(seconds)).toBe(text);
});
