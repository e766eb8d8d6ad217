import { expect, test } from "bun:test";
import { LogLines } from "../../../src/apps/log-lines.ts";

const time = new Date(2026, 10, 23, 3, 6, 10).getTime();
const entry = (job: string, slot = 1) => ({ time, id: 7, slot, job, label: "stdout", text: "hello" });

test("the session that goes without saying is left out: default, or the one that was asked for", () => {
  const lines = new LogLines({ colorize: false, json: false });
  expect(lines.of(entry("default.web"))).toBe("03:06:10 web.1 | hello\n");
  expect(lines.of(entry("shop.web", 2))).toBe("03:06:10 shop.web.2 | hello\n");
  const own = new LogLines({ colorize: false, json: false, session: "shop" });
  expect(own.of(entry("shop.web"))).toBe("03:06:10 web.1 | hello\n");
  expect(own.of(entry("default.web"))).toBe("03:06:10 default.web.1 | hello\n");
  expect(own.of(entry("shop.a"))).toBe("03:06:10 a.1           | hello\n");
});

test("what is missing is told where it is missing", () => {
  const lines = new LogLines({ colorize: false, json: false });
  const { text: _, ...gap } = entry("default.web");
  expect(lines.of({ ...gap, lostBytes: 12 })).toBe("03:06:10 web.1 | … 12 bytes lost here\n");
});

test("each job has its colour, all its processes the same; JSON has none", () => {
  const lines = new LogLines({ colorize: true, json: false });
  const colourOf = (job: string, slot: number): string => lines.of(entry(job, slot)).slice(0, 5);
  expect(colourOf("default.web", 1)).toBe("\u001b[36m");
  expect(colourOf("default.web", 2)).toBe("\u001b[36m");
  expect(colourOf("default.api", 1)).toBe("\u001b[33m");
  const json = new LogLines({ colorize: true, json: true }).of(entry("default.web"));
  expect(json).toEndWith("}\n");
  expect(JSON.parse(json)).toEqual(entry("default.web"));
});
