import { expect, test } from "bun:test";
import { didYouMean, nearest } from "../../../src/base/nearest.ts";

const known = ["start", "stop", "status", "worker", "web"];

test.each([
  ["strat", "start"],
  ["stop", "stop"],
  ["WEB", "web"],
  ["wokrer", "worker"],
  ["wrker", "worker"],
  ["workers", "worker"],
  ["stat", "status"],
  ["wrk", undefined],
  ["kubernetes", undefined],
  ["", undefined],
])("nearest() of %p is %p", (word, expected) => {
  expect(nearest(word, known)).toBe(expected);
});

test("nearest() takes the beginning of a word for the word", () => {
  expect(nearest("work", known)).toBe("worker");
});

test("nearest() of a word of a million letters is none", () => {
  expect(nearest("x".repeat(1_000_000), known)).toBeUndefined();
});

test("didYouMean() is empty when nothing is near", () => {
  expect(didYouMean("wbe", known)).toBe(' (did you mean "web"?)');
  expect(didYouMean("zzz", known)).toBe("");
});
