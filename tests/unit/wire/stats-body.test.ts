import { expect, test } from "bun:test";
import { cpuTime, humanBytes, jobStatsBody, processStatsBody, type Usage } from "../../../src/wire/stats-body.ts";

const usage = (cpuPercent: number, memoryBytes: number): Usage => ({
  osPid: 7,
  cpuPercent,
  memoryBytes,
  virtualBytes: 3 * 1024 ** 3,
  cpuTimeMs: 62_509,
  username: "me",
  nice: 5,
  commandLine: "sh",
});

test("humanBytes() cuts to whole units of 1024", () => {
  const shown = [0, 1023, 1024, 2047, 5_300_000, 1024 ** 3, 1.9 * 1024 ** 4].map(humanBytes);
  expect(shown).toEqual(["0B", "1023B", "1K", "1K", "5M", "1G", "1T"]);
});

test("cpuTime() is minutes, seconds and hundredths", () => {
  expect([0, 9, 10, 59_999, 60_000, 62_500, 6_000_000].map(cpuTime)).toEqual([
    "0:00.00",
    "0:00.00",
    "0:00.01",
    "0:59.99",
    "1:00.00",
    "1:02.50",
    "100:00.00",
  ]);
});

test("jobStatsBody() sums what its processes use, and is all 0 without any", () => {
  const one = processStatsBody(1, { ...usage(10.04, 100), children: [usage(1, 50)] }, 1000);
  const two = processStatsBody(2, { ...usage(20.06, 300), children: [] }, 1000);
  expect(one).toEqual({
    pid: 1,
    os_pid: 7,
    mem_info1: "100B",
    mem_info2: "3G",
    cpu: 10,
    mem: 10,
    ctime: "1:02.50",
    rss: 100,
    username: "me",
    nice: 5,
    cmdline: "sh",
    children: [expect.objectContaining({ cpu: 1, mem: 5 })],
  });
  expect(jobStatsBody("s.a", [one, two])).toMatchObject({
    mem: 40,
    max_mem: 30,
    min_mem: 10,
    cpu: 30.1,
    max_cpu: 20.1,
    min_cpu: 10,
  });
  expect(jobStatsBody("s.a", [])).toEqual({
    name: "s.a",
    stats: [],
    mem: 0,
    max_mem: 0,
    min_mem: 0,
    cpu: 0,
    max_cpu: 0,
    min_cpu: 0,
  });
});
