import { describe, expect, test } from "bun:test";
import { ManagedWorld } from "./managed-world.ts";

describe("a process that ends by itself", () => {
  test("is started again after a growing delay while it dies within a second", async () => {
    await using world = new ManagedWorld();
    world.load();
    const waits: number[] = [];
    for (let round = 0; round < 4; round++) {
      world.at(1).end(1);
      expect(world.states()).toEqual(["backoff"]);
      const wait = world.clock.nextInMs ?? 0;
      waits.push(wait);
      world.clock.advance(wait);
      expect(world.states()).toEqual(["running"]);
    }
    expect([waits, world.slot(1).restarts]).toEqual([[100, 200, 400, 800], 4]);
  });

  test("is started again at once after a long life, whatever its exit code", async () => {
    await using world = new ManagedWorld();
    world.load();
    for (const code of [0, 1]) {
      world.clock.advance(10_000);
      world.at(1).end(code);
      expect([world.states(), world.clock.pending]).toEqual([["running"], 0]);
    }
  });

  test("waits in one slot without holding up the others", async () => {
    await using world = new ManagedWorld();
    world.load({ numprocesses: 2 });
    world.at(1).end(1);
    world.clock.advance(5000);
    world.at(1).end(1);
    expect(world.states()).toEqual(["backoff", "running"]);
  });

  test("says why it waits, in status and event", async () => {
    await using world = new ManagedWorld();
    world.load();
    world.at(1).end({ signal: 9, outOfMemory: true });
    expect(world.slot(1)).toMatchObject({
      state: "backoff",
      reason: "killed by SIGKILL (out of memory); next try in 0.1 s",
      lastExit: { reason: "killed by SIGKILL (out of memory)" },
    });
    expect(world.events.at(-1)).toMatchObject({
      event: "exit",
      reason: "killed by SIGKILL (out of memory)",
      retry_in: 0.1,
    });
  });

  test("rests under never, and under on-failure when it succeeded", async () => {
    await using world = new ManagedWorld();
    world.manager.load({ name: "never", cmd: "x", restart: "never" });
    world.manager.load({ name: "good", cmd: "x", restart: "on-failure" });
    world.manager.load({ name: "bad", cmd: "x", restart: "on-failure" });
    world.manager.load({ name: "killed", cmd: "x", restart: "on-failure" });
    world.clock.advance(20_000);
    world.host.at("default.never.1").end(1);
    world.host.at("default.good.1").end(0);
    world.host.at("default.bad.1").end(1);
    world.host.at("default.killed.1").end({ signal: 15 });
    expect(world.manager.status.map(({ state }) => state)).toEqual(["exited", "exited", "running", "running"]);
    expect(world.slot(1, "never").reason).toBe("exited with code 1");
    await world.manager.startJob("never").done;
    expect(world.states("never")).toEqual(["running"]);
    world.host.at("default.never.1").end(0);
    await world.manager.stopJob("never").done;
    expect(world.states("never")).toEqual(["stopped"]);
  });
});

describe("a process that cannot be started", () => {
  test("is in backoff with the reason, and tried again with a growing delay", async () => {
    await using world = new ManagedWorld();
    world.host.onSpawn = (process) => process.fail("cwd_missing");
    expect(await world.load().done).toEqual({
      running: 0,
      wanted: 1,
      killed: [],
      problems: [
        { label: "default.dummy.1", reason: 'Cannot start "default.dummy.1": cwd missing; next try in 0.1 s' },
      ],
    });
    world.clock.advance(100);
    expect(world.clock.delays).toEqual([200]);
    expect(
      world.events.filter((event) => event.event === "spawn_failed").map(({ pid, retry_in }) => [pid, retry_in]),
    ).toEqual([
      [1, 0.1],
      [2, 0.2],
    ]);
    world.host.onSpawn = (process) => process.spawned();
    world.clock.advance(200);
    expect([world.states(), world.slot(1).reason]).toEqual([["running"], ""]);
  });

  test("hurts no other job", async () => {
    await using world = new ManagedWorld();
    world.host.onSpawn = (process) => (process.request.argv[0] === "bad" ? process.fail() : process.spawned());
    world.manager.load({ name: "bad", cmd: "bad" });
    world.manager.load({ name: "good", cmd: "good" });
    expect(world.manager.status.map(({ state }) => state)).toEqual(["backoff", "running"]);
  });

  test("is given up under never, with the reason", async () => {
    await using world = new ManagedWorld();
    world.host.onSpawn = (process) => process.fail();
    const load = world.load({ restart: "never" });
    expect((await load.done).problems).toEqual([
      { label: "default.dummy.1", reason: 'Cannot start "default.dummy.1": command not found; restart is never' },
    ]);
    expect([world.states(), world.events.at(-1)?.event]).toEqual([["failed"], "failed"]);
  });

  test("is not tried in a tight loop under flapping either", async () => {
    await using world = new ManagedWorld();
    world.host.onSpawn = (process) => process.fail();
    world.load({ flapping: "1000 60 5 1" });
    expect([world.host.processes.length, world.clock.delays]).toEqual([1, [100]]);
  });
});

describe("flapping", () => {
  test("(1, 1, 0.1, 1) flaps once, then fails, until somebody starts it", async () => {
    await using world = new ManagedWorld();
    world.load({ flapping: "1 1 0.1 1" });
    world.at(1).end(1);
    expect(world.slot(1)).toMatchObject({
      state: "backoff",
      reason: "flapping: 1 exit within 1 s; tried again in 0.1 s",
    });
    world.clock.advance(100);
    expect(world.states()).toEqual(["running"]);
    world.at(1).end(1);
    expect([world.slot(1).state, world.slot(1).reason, world.clock.pending]).toEqual([
      "failed",
      "gave up: 1 exit within 1 s, after 1 pause of 0.1 s",
      0,
    ]);
    const kinds = world.kinds();
    expect(kinds.filter((kind) => kind === "flap" || kind === "failed")).toEqual(["flap", "failed"]);
    await world.manager.startJob("dummy").done;
    expect(world.states()).toEqual(["running"]);
    world.at(1).end(1);
    expect(world.states()).toEqual(["backoff"]);
  });

  test("holds back slots that fall empty, and lets the healthy ones go on", async () => {
    await using world = new ManagedWorld();
    world.load({ numprocesses: 3, flapping: "2 10 5 1" });
    world.at(1).end(1);
    world.at(1).end(1);
    expect(world.states()).toEqual(["backoff", "running", "running"]);
    world.at(2).end(1);
    expect(world.states()).toEqual(["backoff", "backoff", "running"]);
    expect(world.clock.pending).toBe(1);
    world.clock.advance(5000);
    expect(world.states()).toEqual(["running", "running", "running"]);
  });

  test("stands instead of the delay until it strikes", async () => {
    await using world = new ManagedWorld();
    world.load({ flapping: "3 10 5 1" });
    world.at(1).end(1);
    world.at(1).end(1);
    expect([world.states(), world.clock.pending]).toEqual([["running"], 0]);
  });

  test("is forgotten, its timer cancelled, by stop, unload and reload", async () => {
    for (const command of ["stopJob", "unload", "reload"] as const) {
      await using world = new ManagedWorld();
      world.load({ flapping: "1 10 5 1" });
      world.at(1).end(1);
      expect(world.clock.pending).toBe(1);
      await world.manager[command]("dummy").done;
      expect([world.clock.pending, world.host.living.length]).toEqual([0, command === "reload" ? 1 : 0]);
    }
  });

  test("a new slot is started in a pause, the empty ones wait", async () => {
    await using world = new ManagedWorld();
    world.load({ flapping: "1 10 5 1" });
    world.at(1).end(1);
    world.manager.scale("dummy", 1);
    expect(world.states()).toEqual(["backoff", "running"]);
  });

  test("gives up the empty slots, healthy ones go on", async () => {
    await using world = new ManagedWorld();
    world.load({ numprocesses: 2, flapping: "1 1 5 0" });
    world.at(1).end(1);
    expect(world.states()).toEqual(["failed", "running"]);
    expect(world.manager.info("dummy").state).toBe("failed");
  });
});
