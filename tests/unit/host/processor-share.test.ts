import { expect, test } from "bun:test";
import { ProcessorShare } from "../../../src/host/processor-share.ts";

const stat = (cpuTimeMs: number, start = 100, pid = 7): { pid: number; start: number; cpuTimeMs: number } => ({
  pid,
  start,
  cpuTimeMs,
});

test("the first share is that of the whole life, the next that since the last look", () => {
  const shares = new ProcessorShare();
  // It began 1 s after the machine.
  expect(shares.of(stat(500), 2000)).toBe(50);
  expect(shares.of(stat(600), 2100)).toBe(100);
  expect(shares.of(stat(600), 2200)).toBe(0);
});

test("two who ask at once get the same share", () => {
  const shares = new ProcessorShare();
  shares.of(stat(500), 2000);
  expect(shares.of(stat(600), 2200)).toBe(50);
  shares.of(stat(700), 2300);
  expect(shares.of(stat(710), 2310)).toBeCloseTo(100);
  expect(shares.of(stat(710), 2320)).toBeCloseTo(50);
});

test("a number that another process has by now begins anew; one of this instant uses nothing", () => {
  const shares = new ProcessorShare();
  shares.of(stat(500), 2000);
  expect(shares.of(stat(10, 300), 3100)).toBe(10);
  expect(shares.of(stat(0, 300, 8), 3000)).toBe(0);
});

test("who was not asked for in a minute is forgotten", () => {
  const shares = new ProcessorShare();
  for (let pid = 1; pid <= 100; pid++) shares.of(stat(1, 1, pid), 1000);
  shares.of(stat(1, 1, 1000), 70_000);
  expect(shares.size).toBe(1);
  shares.clear();
  expect(shares.size).toBe(0);
});
