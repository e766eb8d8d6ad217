import { describe, expect, test } from "bun:test";
import { thrownBy } from "../../support/thrown-by.ts";
import { ManagedWorld } from "./managed-world.ts";

describe("Manager.load()", () => {
  test("starts one process, and stop_job leaves none", async () => {
    await using world = new ManagedWorld();
    expect(await world.load().done).toEqual({ running: 1, wanted: 1, killed: [], problems: [] });
    const stop = world.manager.stopJob("dummy");
    world.host.obey();
    expect(await stop.done).toEqual({ running: 0, wanted: 0, killed: [], problems: [] });
    expect(world.manager.info("dummy")).toMatchObject({ state: "stopped", active: false, running: 0, processes: [] });
  });

  test("with start false keeps the config and starts nothing until it is told to", async () => {
    await using world = new ManagedWorld();
    await world.load({ args: ["x"], cwd: "/tmp" }, { start: false }).done;
    expect(world.manager.info("dummy")).toMatchObject({ state: "stopped", active: false, maxProcesses: 1 });
    expect(world.manager.get("dummy")).toMatchObject({
      name: "default.dummy",
      cmd: "sleep 60",
      args: ["x"],
      cwd: "/tmp",
    });
    world.manager.scale("dummy", 1);
    world.manager.manage("dummy");
    world.manager.reload("dummy");
    await world.manager.restart();
    expect(world.host.labels).toEqual([]);
    world.manager.startJob("dummy");
    expect(world.host.labels).toEqual(["default.dummy.1"]);
  });

  test("refuses a name that is taken, and changes nothing", async () => {
    await using world = new ManagedWorld();
    world.load();
    const before = world.manager.seq;
    expect(thrownBy(() => world.load({ cmd: "other" }))).toEqual({
      code: "job_exists",
      message: 'Cannot load job "default.dummy": it is loaded already (unload or update it)',
    });
    expect([world.manager.seq, world.manager.get("dummy").cmd]).toEqual([before, "sleep 60"]);
  });

  test("refuses a variable that will never exist before anything is registered", async () => {
    await using world = new ManagedWorld();
    expect(thrownBy(() => world.load({ cmd: "serve $NOPE" })).code).toBe("job_invalid");
    expect([world.manager.jobs(), world.manager.seq]).toEqual([[], 0]);
  });

  test("starts as many as numprocesses, in slots from 1, numbered from 1", async () => {
    await using world = new ManagedWorld();
    world.load({ numprocesses: 4 });
    expect(world.manager.list().map(({ pid, slot }) => [pid, slot])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
      [4, 4],
    ]);
    const walked: number[] = [];
    world.manager.walk((_, process) => walked.push(process.pid));
    expect(walked).toEqual(world.manager.pids());
  });

  test("puts a job into the session that is given, unless its name holds one", async () => {
    await using world = new ManagedWorld();
    world.manager.load({ name: "a", cmd: "x" }, { session: "ga" });
    world.manager.load({ name: "b", cmd: "x" }, { session: "ga" });
    world.manager.load({ name: "gb.a", cmd: "x" }, { session: "ga" });
    expect([world.manager.sessions, world.manager.jobs("ga"), world.manager.jobs("gb")]).toEqual([
      ["ga", "gb"],
      ["ga.a", "ga.b"],
      ["gb.a"],
    ]);
    world.manager.unload("a", "ga");
    expect(world.manager.jobs()).toEqual(["ga.b", "gb.a"]);
    const walked: string[] = [];
    world.manager.jobsWalk((_, name) => walked.push(name), "gb");
    expect(walked).toEqual(["gb.a"]);
  });

  test("lays the env that is given over the job's own", async () => {
    await using world = new ManagedWorld();
    world.load({ env: { A: "1", B: "1" } }, { env: { B: "2" } });
    expect(world.at(1).request.env).toMatchObject({ A: "1", B: "2", HOME: "/root" });
  });
});

describe("Manager.unload()", () => {
  test("frees the name at once, and is done when what ran is gone", async () => {
    await using world = new ManagedWorld();
    world.load();
    const unload = world.manager.unload("dummy");
    expect(world.manager.jobs()).toEqual([]);
    expect(world.manager.pids()).toEqual([1]);
    expect(thrownBy(() => world.manager.info("dummy"))).toEqual({
      code: "job_not_found",
      message: 'Cannot find job "default.dummy": no such job is loaded',
    });
    world.host.obey();
    expect((await unload.done).running).toBe(0);
    expect(world.manager.pids()).toEqual([]);
  });

  test("lets a job of the same name into a slot only when the old process is gone", async () => {
    await using world = new ManagedWorld();
    world.load({ numprocesses: 2 });
    world.manager.unload("dummy");
    const load = world.load({ numprocesses: 3 });
    expect(world.host.labels).toEqual(["default.dummy.1", "default.dummy.2", "default.dummy.3"]);
    expect(world.states()).toEqual(["stopped", "stopped", "running"]);
    world.host.process(2).end({ signal: 15 });
    expect(world.states()).toEqual(["stopped", "running", "running"]);
    world.host.process(1).end({ signal: 15 });
    expect((await load.done).running).toBe(3);
    expect(world.manager.pids()).toEqual([3, 4, 5]);
  });

  test("takes a config, too", async () => {
    await using world = new ManagedWorld();
    world.load();
    world.manager.unload(world.manager.get("dummy"));
    expect(world.manager.jobs()).toEqual([]);
  });

  test("cancels a retry that is waited for", async () => {
    await using world = new ManagedWorld();
    world.host.onSpawn = (process) => process.fail();
    world.load();
    expect([world.states(), world.clock.pending]).toEqual([["backoff"], 1]);
    await world.manager.unload("dummy").done;
    expect(world.clock.pending).toBe(0);
  });
});

describe("Manager.scale()", () => {
  test("opens the lowest free slots and closes the highest", async () => {
    await using world = new ManagedWorld();
    world.load();
    expect([1, 1, 3].map((by) => world.manager.scale("dummy", by).result.numprocesses)).toEqual([2, 3, 6]);
    expect(world.slots().map((slot) => slot.slot)).toEqual([1, 2, 3, 4, 5, 6]);
    const down = world.manager.scale("dummy", -4);
    expect(world.states()).toEqual(["running", "running", "stopping", "stopping", "stopping", "stopping"]);
    world.host.obey();
    expect([down.result, await down.done]).toEqual([
      { numprocesses: 2, clamped: false },
      { running: 2, wanted: 2, killed: [], problems: [] },
    ]);
    expect(world.slots().map((slot) => slot.slot)).toEqual([1, 2]);
  });

  test("opens a slot that was about to close again, but refills it only when its process is gone", async () => {
    await using world = new ManagedWorld();
    world.load({ numprocesses: 2 });
    world.manager.scale("dummy", -1);
    world.manager.scale("dummy", 1);
    expect(world.states()).toEqual(["running", "stopping"]);
    world.at(2).end();
    expect([world.states(), world.manager.pids()]).toEqual([
      ["running", "running"],
      [1, 3],
    ]);
  });

  test("keeps over stop and start", async () => {
    await using world = new ManagedWorld();
    world.load();
    world.manager.scale("dummy", "=3");
    world.manager.stopJob("dummy");
    world.host.obey();
    world.manager.startJob("dummy");
    expect(world.states()).toEqual(["running", "running", "running"]);
  });

  test("of a stopped job starts nothing", async () => {
    await using world = new ManagedWorld();
    world.load({}, { start: false });
    expect(await world.manager.scale("dummy", 2).done).toMatchObject({ running: 0, wanted: 0 });
    expect(world.manager.info("dummy").maxProcesses).toBe(3);
  });

  test("stops at 0 and says so, and 0 processes is a job that runs none", async () => {
    await using world = new ManagedWorld();
    world.load();
    expect(world.manager.scale("dummy", -7).result).toEqual({ numprocesses: 0, clamped: true });
    world.host.obey();
    expect(world.manager.info("dummy")).toMatchObject({ active: true, running: 0, maxProcesses: 0, slots: [] });
  });
});

describe("Manager.reload()", () => {
  test("replaces every process, with the count of the config", async () => {
    await using world = new ManagedWorld();
    world.load({ numprocesses: 2 });
    world.manager.scale("dummy", 2);
    const reload = world.manager.reload("dummy");
    world.host.obey();
    expect(await reload.done).toMatchObject({ running: 2, wanted: 2 });
    expect(world.manager.pids()).toEqual([5, 6]);
  });

  test("starts at once what waits for its next try", async () => {
    await using world = new ManagedWorld();
    world.host.onSpawn = (process) => process.fail();
    world.load();
    world.host.onSpawn = (process) => process.spawned();
    await world.manager.reload("dummy").done;
    expect([world.states(), world.clock.pending]).toEqual([["running"], 0]);
  });
});

describe("Manager.restartJob()", () => {
  test("goes one slot at a time, the next only when the replacement runs", async () => {
    await using world = new ManagedWorld();
    world.load({ numprocesses: 3 });
    world.host.onSpawn = () => undefined;
    const restart = world.manager.restartJob("dummy");
    expect(world.states()).toEqual(["stopping", "running", "running"]);
    world.host.obey();
    expect(world.states()).toEqual(["starting", "running", "running"]);
    world.at(1).spawned();
    expect(world.states()).toEqual(["running", "stopping", "running"]);
    world.host.obey();
    world.at(2).spawned();
    world.host.obey();
    world.at(3).spawned();
    expect(await restart.done).toMatchObject({ running: 3, problems: [] });
    expect(world.manager.pids()).toEqual([4, 5, 6]);
  });

  test("halts when a replacement fails, and says why", async () => {
    await using world = new ManagedWorld();
    world.load({ numprocesses: 3 });
    world.host.onSpawn = (process) => process.fail("cwd_missing");
    const restart = world.manager.restartJob("dummy");
    world.host.obey();
    expect(await restart.done).toEqual({
      running: 2,
      wanted: 3,
      killed: [],
      problems: [
        { label: "default.dummy.1", reason: 'Cannot start "default.dummy.1": cwd missing; next try in 0.1 s' },
      ],
    });
    expect(world.manager.pids()).toEqual([2, 3]);
  });

  test("goes on when the slot whose turn it is is closed", async () => {
    await using world = new ManagedWorld();
    world.load({ numprocesses: 2 });
    const restart = world.manager.restartJob("dummy");
    world.host.obey();
    expect(world.manager.pids()).toEqual([3, 4]);
    const again = world.manager.restartJob("dummy");
    world.manager.stopProcess(3, { scaleDown: true });
    world.host.obey();
    expect([(await restart.done).running, (await again.done).running]).toEqual([2, 1]);
    expect(world.slots().map((slot) => [slot.slot, slot.pid])).toEqual([[2, 5]]);
  });

  test("starts a stopped job", async () => {
    await using world = new ManagedWorld();
    world.load({ numprocesses: 2 }, { start: false });
    expect(await world.manager.restartJob("dummy").done).toMatchObject({ running: 2 });
  });

  test("leaves no slot waiting for the end of a pause that it ended", async () => {
    await using world = new ManagedWorld();
    world.load({ numprocesses: 2, flapping: "1 1 5 3" });
    world.host.process(1).end(1);
    world.host.process(2).end(1);
    expect(world.states()).toEqual(["backoff", "backoff"]);
    world.host.onSpawn = (process) => process.fail();
    await world.manager.restartJob("dummy").done;
    world.host.onSpawn = (process) => process.spawned();
    for (let wait = 0; wait < 10; wait++) world.clock.advance(10_000);
    expect(world.states()).toEqual(["running", "running"]);
  });
});

describe("Manager.update()", () => {
  test("leaves processes alone when only their keeping changed", async () => {
    await using world = new ManagedWorld();
    world.load({ numprocesses: 2 });
    world.manager.update({ name: "dummy", cmd: "sleep 60", numprocesses: 3, gracefulTimeoutMs: 5 });
    expect(world.manager.pids()).toEqual([1, 2, 3]);
    expect(world.manager.get("dummy").gracefulTimeoutMs).toBe(5);
  });

  test("replaces processes when what they are spawned from changed", async () => {
    await using world = new ManagedWorld();
    world.load();
    const update = world.manager.update({ name: "dummy", cmd: "sleep 61", numprocesses: 2 });
    world.host.obey();
    expect(await update.done).toMatchObject({ running: 2 });
    expect(world.manager.list().map((process) => [process.pid, process.args])).toEqual([
      [2, ["61"]],
      [3, ["61"]],
    ]);
  });

  test("keeps what a scaling set, unless the config's own number changed", async () => {
    await using world = new ManagedWorld();
    world.load();
    world.manager.scale("dummy", 2);
    world.manager.update({ name: "dummy", cmd: "sleep 60", restart: "never" });
    expect(world.manager.info("dummy").maxProcesses).toBe(3);
    world.manager.update({ name: "dummy", cmd: "sleep 60", numprocesses: 2 });
    expect(world.manager.info("dummy").maxProcesses).toBe(2);
  });

  test("starts a stopped job only when it is told to", async () => {
    await using world = new ManagedWorld();
    world.load({}, { start: false });
    world.manager.update({ name: "dummy", cmd: "sleep 61" });
    expect(world.host.labels).toEqual([]);
    world.manager.update({ name: "dummy", cmd: "sleep 61" }, { start: true });
    expect(world.host.labels).toEqual(["default.dummy.1"]);
  });

  test("refuses a bad config or an unknown job, and changes nothing", async () => {
    await using world = new ManagedWorld();
    world.load();
    const before = world.manager.seq;
    expect(thrownBy(() => world.manager.update({ name: "dummy", cmd: "serve $NOPE" })).code).toBe("job_invalid");
    expect(thrownBy(() => world.manager.update({ name: "other", cmd: "serve" })).code).toBe("job_not_found");
    expect([world.manager.seq, world.manager.get("dummy").cmd]).toEqual([before, "sleep 60"]);
  });

  test("uses the new stop signal and graceful timeout for what ran before it", async () => {
    await using world = new ManagedWorld();
    world.load();
    world.manager.update({ name: "dummy", cmd: "sleep 60", stopSignal: "INT", gracefulTimeoutMs: 70 });
    world.manager.stopJob("dummy");
    expect([world.at(1).signals, world.clock.delays]).toEqual([[2], [70]]);
  });
});

describe("Manager.applySession()", () => {
  test("touches only what changed, and says what it did", async () => {
    await using world = new ManagedWorld();
    const [a, b, c] = ["a", "b", "c"].map((name) => ({ name, cmd: "serve" }));
    if (a === undefined || b === undefined || c === undefined) throw new Error("three jobs");
    world.manager.load({ name: "x.other", cmd: "serve" });
    await world.manager.applySession("default", [a, b]).done;
    const apply = world.manager.applySession("default", [a, { ...b, args: ["-v"] }, c].slice(0, 3));
    world.host.obey();
    expect([apply.result, (await apply.done).running]).toEqual([
      { unchanged: ["default.a"], changed: ["default.b"], added: ["default.c"], removed: [] },
      2,
    ]);
    const less = world.manager.applySession("default", [c]);
    expect(less.result).toEqual({
      unchanged: ["default.c"],
      changed: [],
      added: [],
      removed: ["default.a", "default.b"],
    });
    expect(world.manager.jobs()).toEqual(["x.other", "default.c"]);
  });

  test("starts what is new in order of priority, and those of one priority in theirs", async () => {
    await using world = new ManagedWorld();
    world.manager.applySession("default", [
      { name: "last", cmd: "serve" },
      { name: "second", cmd: "serve", priority: 2 },
      { name: "first", cmd: "serve", priority: 1 },
      { name: "third", cmd: "serve", priority: 2 },
    ]);
    expect(world.host.labels.map((label) => label.split(".")[1] ?? "")).toEqual(["first", "second", "third", "last"]);
  });

  test("changes nothing when one of the jobs is bad", async () => {
    await using world = new ManagedWorld();
    world.load();
    const before = world.manager.seq;
    for (const bad of [
      { name: "b", cmd: "serve $NOPE" },
      { name: "a", cmd: "twice" },
      { name: "x.b", cmd: "foreign" },
    ])
      expect(thrownBy(() => world.manager.applySession("default", [{ name: "a", cmd: "serve" }, bad])).code).toBe(
        "job_invalid",
      );
    expect([world.manager.seq, world.manager.jobs()]).toEqual([before, ["default.dummy"]]);
  });
});

describe("Manager.commit()", () => {
  test("runs one process outside the slots, which is counted apart and never restarted", async () => {
    await using world = new ManagedWorld();
    world.load({ numprocesses: 0, env: { A: "1" } });
    expect(world.manager.commit("dummy", undefined, { B: "2" })).toBe(1);
    expect(world.manager.info("dummy")).toMatchObject({ running: 1, runningOut: 1, maxProcesses: 0, processes: [] });
    expect([world.manager.pids("dummy"), world.manager.pids()]).toEqual([[], [1]]);
    expect(world.host.process(1).request).toMatchObject({ label: "default.dummy.0", env: { A: "1", B: "2" } });
    expect(world.manager.get("dummy").env).toEqual({ A: "1" });
    world.manager.scale("dummy", 1);
    expect(world.manager.pids("dummy")).toEqual([2]);
    world.host.process(1).end(3);
    expect(world.manager.pids()).toEqual([2]);
    expect(world.events.find((event) => event.event === "exit")).toMatchObject({ once: true, exit_code: 3, slot: 0 });
  });

  test("stops with its job, in its own graceful timeout", async () => {
    await using world = new ManagedWorld();
    world.load();
    world.manager.commit("dummy", 250);
    const stop = world.manager.stopJob("dummy");
    expect(world.clock.delays).toEqual([250, 30_000]);
    world.host.process(1).end();
    world.clock.advance(250);
    expect(world.host.process(2).destroyed).toBe(true);
    world.host.obey();
    expect((await stop.done).killed).toEqual(["default.dummy.0"]);
  });

  test("answers a command that waits for it", async () => {
    await using world = new ManagedWorld();
    world.load({ numprocesses: 0 });
    world.host.onSpawn = () => undefined;
    world.manager.commit("dummy");
    const scale = world.manager.scale("dummy", 0);
    world.host.process(1).spawned();
    expect((await scale.done).wanted).toBe(0);
  });
});
