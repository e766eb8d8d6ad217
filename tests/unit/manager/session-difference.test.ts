import { describe, expect, test } from "bun:test";
import { isSameJob, replacesProcesses } from "../../../src/manager/job-comparison.ts";
import type { JobConfig } from "../../../src/manager/job-config.ts";
import { type JobSettings, resolveJob } from "../../../src/manager/job-settings.ts";
import { compareSession, refuseStrangers, refuseTwins } from "../../../src/manager/session-difference.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const job = (name: string, settings: Partial<JobSettings> = {}): JobConfig =>
  resolveJob({ name, cmd: "serve", ...settings });

describe("isSameJob()", () => {
  test("does not depend on the order in which a map was written", () => {
    expect(isSameJob(job("a", { env: { A: "1", B: "2" } }), job("a", { env: { B: "2", A: "1" } }))).toBe(true);
    expect(isSameJob(job("a", { args: ["1", "2"] }), job("a", { args: ["2", "1"] }))).toBe(false);
  });

  test("sees a limit that became unlimited, and a priority that was taken away", () => {
    const limited = job("a", { rlimits: { core: { soft: 0, hard: 0 } } });
    expect(isSameJob(limited, job("a", { rlimits: { core: { soft: 0, hard: Infinity } } }))).toBe(false);
    expect(isSameJob(job("a", { priority: 1 }), job("a"))).toBe(false);
  });

  test("compares ports", () => {
    expect(isSameJob(job("a", { port: 5000 }), job("a", { port: 5000 }))).toBe(true);
    expect(isSameJob(job("a", { port: 5000 }), job("a", { port: 6000 }))).toBe(false);
  });
});

describe("replacesProcesses()", () => {
  test("is true only for what a process is spawned from", () => {
    const before = job("a");
    const replacing: Partial<JobSettings>[] = [
      { cmd: "work" },
      { args: ["-v"] },
      { env: { A: "1" } },
      { osEnv: false },
      { cwd: "/tmp" },
      { uid: "www" },
      { gid: "www" },
      { shell: true },
      { redirectOutput: [] },
      { redirectInput: true },
      { customStreams: ["x"] },
      { detach: true },
      { rlimits: { core: { soft: 0, hard: 0 } } },
      { port: 1 },
    ];
    const keeping: Partial<JobSettings>[] = [
      { numprocesses: 4 },
      { gracefulTimeoutMs: 1 },
      { stopSignal: 2 },
      { restart: "never" },
      { priority: 1 },
      { start: false },
      { flapping: "2 1 7 5" },
    ];
    expect(replacing.filter((change) => !replacesProcesses(before, job("a", change)))).toEqual([]);
    expect(keeping.filter((change) => replacesProcesses(before, job("a", change)))).toEqual([]);
  });
});

describe("compareSession()", () => {
  test("tells apart what is the same, changed, new and gone", () => {
    const [same, before, after, fresh, gone] = [
      job("same"),
      job("b"),
      job("b", { cmd: "work" }),
      job("new"),
      job("gone"),
    ];
    expect(compareSession([same, before, gone], [job("same"), after, fresh])).toEqual({
      unchanged: [same],
      changed: [after],
      added: [fresh],
      removed: ["default.gone"],
    });
  });
});

test("refuseTwins() refuses a job that stands there twice", () => {
  expect(thrownBy(() => refuseTwins([job("a"), job("b"), job("a")])).message).toBe(
    'Cannot apply job "default.a": it is there twice',
  );
});

test("refuseStrangers() refuses a job of another session", () => {
  expect(thrownBy(() => refuseStrangers("default", [job("a"), job("x.a")])).message).toBe(
    'Cannot apply session "default": job "x.a": it is of another session',
  );
});
