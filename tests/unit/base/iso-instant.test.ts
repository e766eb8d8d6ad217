import { expect, test } from "bun:test";
import { isoInstant } from "../../../src/base/iso-instant.ts";

const noon = Date.parse("2026-11-23T12:00:00Z");

test.each<[string, number]>([
  ["2026-11-23T12:00:00Z", noon],
  ["2026-11-23T12:00Z", noon],
  ["2026-11-23T12:00:00.250Z", noon + 250],
  ["2026-11-23T12:00:00,250Z", noon + 250],
  ["2026-11-23T12:00:00.250123456Z", noon + 250],
  ["2026-11-23T13:30:00+01:30", noon],
  ["2026-11-23T13:30:00+0130", noon],
  ["2026-11-23T10:00-02", noon],
  ["2026-11-23 12:00:00Z", noon],
  ["2026-11-23T12:00:00", new Date(2026, 10, 23, 12).getTime()],
  ["2026-11-23", noon - 12 * 3_600_000],
])("%s is that instant", (text, time) => {
  expect(isoInstant(text)).toBe(time);
});

test.each([
  "",
  "5",
  "99",
  "web-1",
  "may 5",
  "now",
  "2026",
  "2026-11",
  "2026-13-01",
  "2026-11-23T25:00",
  "2026-11-23T12",
  " 2026-11-23",
])("%j is none, whatever the runtime would guess", (text) => {
  expect(isoInstant(text)).toBeUndefined();
});
