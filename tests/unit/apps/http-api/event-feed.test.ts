import { expect, test } from "bun:test";
import { parseSince } from "../../../../src/apps/http-api/event-feed.ts";
import { thrownBy } from "../../../support/thrown-by.ts";

test("parseSince() reads numbers and ids; those of another life are lost", () => {
  expect(parseSince(null, "ab")).toBeUndefined();
  expect(parseSince("", "ab")).toBeUndefined();
  expect(parseSince("0", "ab")).toEqual({ seq: 0, isLost: false });
  expect(parseSince("17", "ab")).toEqual({ seq: 17, isLost: false });
  expect(parseSince("ab-17", "ab")).toEqual({ seq: 17, isLost: false });
  expect(parseSince("cd-17", "ab")).toEqual({ seq: 0, isLost: true });
});

test("parseSince() refuses what is neither", () => {
  for (const text of ["x", "-1", "1.5", "1e3", "ab-", "-17", "ab-x", "9".repeat(16), "a b-1", "ab-1\n", " 1"]) {
    expect([text, thrownBy(() => parseSince(text, "ab")).code]).toEqual([text, "bad_request"]);
  }
});
