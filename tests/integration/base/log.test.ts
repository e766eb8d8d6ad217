import { expect, test } from "bun:test";
import { type LogLevel, openLog } from "../../../src/base/log.ts";

async function logged(level: LogLevel): Promise<string[]> {
  const lines: string[] = [];
  const log = await openLog({
    level,
    write: (line) => void lines.push(line),
    now: () => Date.UTC(2026, 10, 23, 3, 6, 9),
  });
  log.debug("d");
  log.info("i");
  log.warn("w");
  log.error("e");
  log.fatal("c");
  return lines;
}

test("openLog() writes time, pid, level and message", async () => {
  const [line] = await logged("info");
  expect(line).toMatch(new RegExp(`^\\d{4}-\\d\\d-\\d\\d \\d\\d:06:09 \\[${process.pid}\\] \\[INFO\\] i\\n$`));
});

test.each([
  ["critical", ["CRITICAL] c"]],
  ["error", ["ERROR] e", "CRITICAL] c"]],
  ["warning", ["WARNING] w", "ERROR] e", "CRITICAL] c"]],
  ["info", ["INFO] i", "WARNING] w", "ERROR] e", "CRITICAL] c"]],
  ["debug", ["DEBUG] d", "INFO] i", "WARNING] w", "ERROR] e", "CRITICAL] c"]],
] as const)("openLog() at level %s writes %j", async (level, heard) => {
  expect((await logged(level)).map((line) => line.split("[").at(-1)?.trim())).toEqual([...heard]);
});

test("openLog() writes every line, also one that repeats", async () => {
  const lines: string[] = [];
  const log = await openLog({ level: "info", write: (line) => void lines.push(line) });
  for (let n = 0; n < 9; n++) log.info("same");
  log.error(new Error("boom"));
  expect(lines.filter((line) => line.endsWith("[INFO] same\n"))).toHaveLength(9);
  expect(lines.at(-1)).toContain("Error: boom\n    at ");
});
