import { expect, test } from "bun:test";
import { parseFeedId } from "../../../src/wire/feed-id.ts";
import { thrownBy } from "../../support/thrown-by.ts";

test("parseFeedId() reads numbers and ids; those of another life are lost", () => {
  expect(parseFeedId(null, "ab")).toBeUndefined();
  expect(parseFeedId("", "ab")).toBeUndefined();
  expect(parseFeedId("0", "ab")).toEqual({ at: 0, isLost: false });
  expect(parseFeedId("17", "ab")).toEqual({ at: 17, isLost: false });
  expect(parseFeedId("ab-17", "ab")).toEqual({ at: 17, isLost: false });
  expect(parseFeedId("cd-17", "ab")).toEqual({ at: 0, isLost: true });
});

test("parseFeedId() refuses what is neither", () => {
  for (const text of ["x", "-1", "1.5", "1e3", "ab-", "-17", "ab-x", "9".repeat(16), "a b-1", "ab-1\n", " 1"]) {
    expect([text, thrownBy(() => parseFeedId(text, "ab")).code]).toEqual([text, "bad_request"]);
  }
});
