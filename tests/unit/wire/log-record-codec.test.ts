import { describe, expect, test } from "bun:test";
import type { LogEntry } from "../../../src/base/log-record.ts";
import { decodeLogEntry, encodeLogEntry, logEntryText } from "../../../src/wire/log-record-codec.ts";

const time = new Date(2026, 0, 2, 3, 4, 5, 678).getTime();
const origin = { time, id: 7, slot: 2, job: "shop.web", label: "stdout" };
const record: LogEntry = { ...origin, text: 'say "hi"\u2028\u0007é' };
const gap: LogEntry = { ...origin, lostBytes: 12 };

describe("log record codec", () => {
  test("JSON is one line with snake_case names", () => {
    expect(encodeLogEntry(record)).toBe(
      `{"time":${time},"id":7,"slot":2,"job":"shop.web","label":"stdout","text":"say \\"hi\\"\u2028\\u0007é"}`,
    );
    expect(encodeLogEntry(gap)).toBe(
      `{"time":${time},"id":7,"slot":2,"job":"shop.web","label":"stdout","lost_bytes":12}`,
    );
    expect(encodeLogEntry({ ...origin, text: "a\nb" }).includes("\n")).toBe(false);
  });

  test("comes back as it went", () => {
    expect([record, gap].map((entry) => decodeLogEntry(encodeLogEntry(entry)))).toEqual([record, gap]);
  });

  test("what is no entry is none", () => {
    const wrong = ["", "x", "null", "1", "[]", "{}", encodeLogEntry(record).replace('"slot":2', '"slot":"2"')];
    const noText = JSON.stringify({ ...origin });
    const noJob = JSON.stringify({ ...record, job: 1 });
    for (const line of [...wrong, noText, noJob]) expect(decodeLogEntry(line)).toBeUndefined();
  });

  test("text is a line as on the console; the default session needs no name", () => {
    expect([
      logEntryText({ ...origin, text: "hello" }),
      logEntryText({ ...origin, job: "default.web", text: "" }),
      logEntryText(gap),
    ]).toEqual(["03:04:05 shop.web.2 | hello", "03:04:05 web.2 | ", "03:04:05 shop.web.2 | … 12 bytes lost here"]);
  });
});
