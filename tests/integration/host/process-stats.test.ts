import { afterAll, describe, expect, test } from "bun:test";
import { exec } from "node:child_process";
import { ProcessStats, type ProcessUsage } from "../../../src/host/process-stats.ts";
import { procStat, readProc } from "../../../src/host/proc-stat.ts";
import { HostRun } from "../../support/host-run.ts";
import { markedProcesses } from "../../support/marked-processes.ts";
import { waitFor } from "../../support/wait-for.ts";
import { Zombie } from "../../support/zombie.ts";

const mark = `86${process.pid}.5`;
const stats = new ProcessStats();

afterAll(() => expect(markedProcesses(mark)).toEqual([]));

async function one(pid: number): Promise<ProcessUsage> {
  const usage = (await stats.sample([pid])).get(pid);
  if (usage === undefined) throw new Error(`nothing of ${pid}`);
  return usage;
}

describe("a sample", () => {
  test("tells of ourselves", async () => {
    const usage = await one(process.pid);
    expect(usage.memory).toBeGreaterThan(10_000_000);
    expect(usage.virtualMemory).toBeGreaterThan(usage.memory);
    expect(usage.cpuTime).toBeGreaterThan(0);
    expect(usage.elapsed).toBeGreaterThan(0);
    expect(usage.nice).toBe(procStat(process.pid)?.nice ?? -100);
  });

  test("user, priority and command line", async () => {
    await using run = new HostRun("subreaper");
    const argv = ["nice", "-n", "7", "sh", "-c", `: ä; sleep ${mark}; :`, "", "b c"];
    const child = run.spawn(argv, { uid: "games" });
    const pid = child.osPid ?? 0;
    await waitFor(
      () => markedProcesses(`sleep\0${mark}`).length === 1,
      () => "the sleep",
    );
    const usage = await one(pid);
    expect(usage).toMatchObject({ osPid: pid, username: "games", nice: 7 });
    expect(usage.command).toEqual(["sh", "-c", `: ä; sleep ${mark}; :`, "", "b c"]);
    expect(usage.children).toMatchObject([{ command: ["sleep", mark], username: "games", children: [] }]);
  });

  test("a user without a name is told by number", async () => {
    await using run = new HostRun("subreaper");
    const child = run.spawn(["sleep", mark], { uid: 54_321 });
    expect((await one(child.osPid ?? 0)).username).toBe("54321");
  });

  test("children of children are below their parents", async () => {
    await using run = new HostRun("subreaper");
    const child = run.spawn(["sh", "-c", `sh -c 'sleep ${mark}; :' & sleep ${mark}; :`]);
    await waitFor(
      () => markedProcesses(`sleep\0${mark}`).length === 2,
      () => "two sleeps",
    );
    const { children } = await one(child.osPid ?? 0);
    const shape = children.map((usage) => [usage.command[0], usage.children.map(({ command }) => command[0])] as const);
    expect(shape.toSorted(([a = ""], [b = ""]) => a.localeCompare(b))).toEqual([
      ["sh", ["sleep"]],
      ["sleep", []],
    ]);
  });

  test("the second tells what was used since the first", async () => {
    await using run = new HostRun("subreaper");
    const child = run.spawn(["sh", "-c", "while :; do :; done"]);
    const pid = child.osPid ?? 0;
    const first = await one(pid);
    expect(first.cpu).toBe(0);
    await waitFor(
      () => Number(/^.*\) (?:\S+ ){11}(\d+)/.exec(readProc(pid, "stat") ?? "")?.[1]) > 5,
      () => "some work",
    );
    const second = await one(pid);
    expect(second.cpu).toBeGreaterThan(0);
    expect(second.cpuTime).toBeGreaterThan(first.cpuTime);
  });

  test("what is gone is left out, alone and among others", async () => {
    const dead = Bun.spawn(["true"]);
    await dead.exited;
    expect([...(await stats.sample([dead.pid])).keys()]).toEqual([]);
    expect([...(await stats.sample([dead.pid, process.pid, 0, -1, 4_194_305])).keys()]).toEqual([process.pid]);
    expect([...(await stats.sample([])).keys()]).toEqual([]);
  });

  test("what was looked at and then went is left out", async () => {
    const child = Bun.spawn(["sleep", mark]);
    await one(child.pid);
    child.kill(9);
    await child.exited;
    expect([...(await stats.sample([child.pid, process.pid])).keys()]).toEqual([process.pid]);
  });

  test("what goes meanwhile is left out", async () => {
    for (let round = 0; round < 20; round++) {
      const child = Bun.spawn(["sleep", mark]);
      const sample = stats.sample([child.pid, process.pid]);
      child.kill(9);
      await child.exited;
      const pids = [...(await sample).keys()].filter((pid) => pid !== child.pid);
      expect(pids).toEqual([process.pid]);
    }
  });

  test("a zombie is gone", async () => {
    await using zombie = await Zombie.make();
    expect([...(await stats.sample([zombie.pid])).keys()]).toEqual([]);
    expect((await one(zombie.parent.pid)).children).toEqual([]);
  });

  test("many askers at once get their own", async () => {
    await using run = new HostRun("subreaper");
    const pids = Array.from({ length: 20 }, () => run.spawn(["sleep", mark]).osPid ?? 0);
    const samples = await Promise.all(pids.map((pid) => stats.sample([pid, process.pid])));
    expect(samples.map((sample) => [...sample.keys()])).toEqual(pids.map((pid) => [pid, process.pid]));
  });
});

test("children of our own are not reaped as orphans", async () => {
  await using run = new HostRun("subreaper");
  const codes = Array.from({ length: 20 }, () => {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    exec("exit 3", (error) => resolve(error?.code));
    return promise;
  });
  expect(await Promise.all(codes)).toEqual(Array<number>(20).fill(3));
  expect((await run.sh("exit 4")).status).toEqual({ code: 4, signal: null });
});
