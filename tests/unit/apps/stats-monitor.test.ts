import { expect, test } from "bun:test";
import { StatsMonitor, type StatSample, type StatsTarget } from "../../../src/apps/stats-monitor.ts";
import type { TreeUsage } from "../../../src/wire/stats-body.ts";
import { thrownBy } from "../../support/thrown-by.ts";
import { ManagedWorld } from "../manager/managed-world.ts";

const usage = (osPid: number): TreeUsage => ({
  osPid,
  cpuPercent: 1,
  memoryBytes: 1 << 20,
  virtualBytes: 1 << 21,
  cpuTimeMs: 10,
  username: "root",
  nice: 0,
  commandLine: "sleep",
  children: [],
});

/** A monitor whose looks are noted; `before` is called in each, before it gives its answer. */
function monitorOf(world: ManagedWorld, before: () => void = () => undefined) {
  const looks: (readonly number[])[] = [];
  const monitor = new StatsMonitor({
    manager: world.manager,
    clock: world.clock,
    stats: async (osPids) => {
      looks.push(osPids);
      before();
      return new Map(osPids.map((osPid) => [osPid, usage(osPid)]));
    },
    totalMemoryBytes: 1 << 30,
    onError: (error) => world.errors.push(error),
  });
  const told: string[] = [];
  const watch = (target: StatsTarget, as = ""): (() => void) =>
    monitor.watch(target, {
      onSamples: (samples: readonly StatSample[]) => told.push(`${as}${samples.map(({ pid }) => pid).join()}`),
      onEnd: (reason) => told.push(`${as}${reason}`),
    });
  const pass = async (): Promise<void> => {
    world.clock.advance(100);
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  };
  return { monitor, looks, told, watch, pass };
}

test("everybody who is listened to is looked at in one pass, each once; nobody listening costs nothing", async () => {
  await using world = new ManagedWorld();
  world.load({ numprocesses: 3 });
  const { monitor, looks, told, watch, pass } = monitorOf(world);
  expect(world.clock.pending).toBe(0);
  const stops = [watch({ pid: 2 }, "a"), watch({ pid: 2 }, "b"), watch({ job: "dummy" }, "c"), watch("all", "d")];
  await pass();
  expect(looks).toEqual([[1001, 1002, 1003]]);
  expect(told.splice(0)).toEqual(["a2", "b2", "c1,2,3", "d1,2,3"]);
  stops[3]?.();
  stops[2]?.();
  stops[1]?.();
  stops[1]?.();
  await pass();
  expect([looks.at(-1), told.splice(0), monitor.count]).toEqual([[1002], ["a2"], 1]);
  stops[0]?.();
  expect([world.clock.pending, monitor.count]).toEqual([0, 0]);
});

test("the processes of a job that come later are watched, and those that go are not told any more", async () => {
  await using world = new ManagedWorld();
  world.load({ numprocesses: 1 });
  const { looks, told, watch, pass } = monitorOf(world);
  watch({ job: "default.dummy" });
  await pass();
  world.host.onSpawn = () => undefined;
  world.manager.scale("dummy", 1);
  await pass();
  world.at(2).spawned();
  await pass();
  world.at(1).exit(1, true);
  await pass();
  expect(told).toEqual(["1", "1", "1,2", "2"]);
  expect(looks).toEqual([[1001], [1001], [1001, 1002], [1002]]);
  world.at(1).empty();
  world.at(1).close();
  world.manager.unload("dummy");
  await pass();
  expect(told.at(-1)).toBe('job "default.dummy" was unloaded');
  await pass();
});

test("a process that has gone ends its monitor, and nothing stale is told of it", async () => {
  await using world = new ManagedWorld();
  world.load({ restart: "never" });
  let isLast = false;
  const { monitor, told, watch, pass } = monitorOf(world, () => isLast && world.at(1).end(0));
  watch({ pid: 1 });
  await pass();
  isLast = true;
  await pass();
  expect(told).toEqual(["1", "process 1 has ended"]);
  expect([monitor.count, world.clock.pending]).toEqual([0, 0]);
});

test("who is not there can't be watched", async () => {
  await using world = new ManagedWorld();
  world.host.onSpawn = () => undefined;
  world.load();
  const { watch, monitor } = monitorOf(world);
  expect(thrownBy(() => watch({ pid: 99 })).code).toBe("process_not_found");
  expect(thrownBy(() => watch({ pid: 1 })).code).toBe("process_not_found");
  expect(thrownBy(() => watch({ job: "none" })).code).toBe("job_not_found");
  expect([monitor.count, world.clock.pending]).toEqual([0, 0]);
});

test("a listener that throws, or stops another, hurts nobody; a look that fails is told, and the next follows", async () => {
  await using world = new ManagedWorld();
  world.load();
  let fails = false;
  const { monitor, told, watch, pass } = monitorOf(world, () => {
    if (fails) throw new Error("no /proc");
  });
  const stop = monitor.watch("all", {
    onSamples: () => {
      throw new Error("a bug");
    },
    onEnd: () => undefined,
  });
  const stopOther = watch({ pid: 1 });
  await pass();
  expect(told.splice(0)).toEqual(["1"]);
  expect(world.errors.splice(0)).toEqual([new Error("a bug")]);
  fails = true;
  await pass();
  expect(world.errors.splice(0)).toEqual([new Error("no /proc")]);
  fails = false;
  await pass();
  expect(told).toEqual(["1"]);
  expect(world.errors.splice(0)).toEqual([new Error("a bug")]);
  stop();
  stopOther();
});
