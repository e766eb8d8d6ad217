import { describe, expect, test } from "bun:test";
import { parseInstant } from "../../../src/config/instant.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const now = Date.parse("2026-11-23T12:00:00Z");
const minute = 60_000;

describe("parseInstant()", () => {
  test.each<[string, number]>([
    ["0s", 0],
    ["30s", minute / 2],
    ["5m", 5 * minute],
    ["1h30m", 90 * minute],
    ["30m1h", 90 * minute],
    ["2d", 2 * 24 * 60 * minute],
    ["1d1h1m1s", (25 * 60 + 1) * minute + 1000],
  ])("%s is that long ago", (text, agoMs) => {
    expect(parseInstant(text, now)).toBe(now - agoMs);
  });

  test("a date is what ISO 8601 says: in UTC with Z, with its offset, else in local time", () => {
    expect(parseInstant("2026-11-23T11:59:00Z", now)).toBe(now - minute);
    expect(parseInstant("2026-11-23T11:59:00.500Z", now)).toBe(now - minute + 500);
    expect(parseInstant("2026-11-23T12:59:00+01:00", now)).toBe(now - minute);
    expect(parseInstant("2026-11-23T03:06:10", now)).toBe(new Date(2026, 10, 23, 3, 6, 10).getTime());
    expect(parseInstant("2026-11-23 03:06:10", now)).toBe(new Date(2026, 10, 23, 3, 6, 10).getTime());
    expect(parseInstant("2026-11-23", now)).toBe(Date.parse("2026-11-23T00:00:00Z"));
  });

  test.each(["", "yesterday", "5x", "m", "5 m", "-5m", "1.5h", "5", "2026-13-01", "web-1", "99", "may 5"])(
    "%j is refused, and what is taken is told",
    (text) => {
      const { code, message } = thrownBy(() => parseInstant(text, now));
      expect(code).toBe("usage");
      expect(message).toStartWith(`Cannot use --since ${JSON.stringify(text)}: it takes a time ago such as 5m`);
    },
  );
});
