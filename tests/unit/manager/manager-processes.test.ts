import { describe, expect, test } from "bun:test";
import { thrownBy } from "../../support/thrown-by.ts";
import { ManagedWorld } from "./managed-world.ts";

describe("the end of a process", () => {
  test("is told, and its slot refilled, only when the tree is empty and the output read", async () => {
    await using world = new ManagedWorld();
    world.load();
    world.clock.advance(20_000);
    world.kinds();
    const child = world.at(1);
    child.exit(0);
    expect([world.states(), world.kinds(), world.manager.pids()]).toEqual([["exited"], [], [1]]);
    child.empty();
    expect([world.states(), world.kinds(), world.manager.pids()]).toEqual([["exited"], [], [1]]);
    child.close();
    expect([world.states(), world.kinds(), world.manager.pids()]).toEqual([["running"], ["exit", "spawn"], [2]]);
  });

  test("may close its output before the tree is empty", async () => {
    await using world = new ManagedWorld();
    world.load();
    world.clock.advance(20_000);
    const child = world.at(1);
    child.exit(0, true);
    child.close();
    expect(world.manager.pids()).toEqual([1]);
    child.empty();
    expect(world.manager.pids()).toEqual([2]);
  });

  test("asks what its leader left behind to stop, and kills it after the graceful timeout", async () => {
    await using world = new ManagedWorld();
    world.load({ stopSignal: "INT", gracefulTimeoutMs: 500 });
    const child = world.at(1);
    child.exit(0, true);
    expect([child.signals, world.clock.delays]).toEqual([[2], [500]]);
    expect(world.slot(1).reason).toBe("stopping what its leader left behind");
    world.clock.advance(499);
    expect(child.destroyed).toBe(false);
    world.clock.advance(1);
    expect([child.destroyed, world.clock.pending]).toEqual([true, 0]);
    child.empty();
    child.close();
    expect(world.events.findLast((event) => event.event === "exit")?.reason).toBe("exited with code 0");
  });

  test("kills what its leader left behind at once without a graceful timeout", async () => {
    await using world = new ManagedWorld();
    world.load({ gracefulTimeoutMs: 0 });
    world.at(1).exit(0, true);
    expect(world.host.process(1)).toMatchObject({ destroyed: true, signals: [] });
  });

  test("waits one second at most for output that a stranger holds open", async () => {
    await using world = new ManagedWorld();
    world.load();
    const child = world.at(1);
    child.exit(0);
    child.empty();
    expect(world.clock.delays).toEqual([1000]);
    world.clock.advance(999);
    expect(child.abandoned).toBe(false);
    world.clock.advance(1);
    expect([child.abandoned, world.states()]).toEqual([true, ["exited"]]);
    child.close();
    expect(world.clock.delays).not.toContain(1000);
  });

  test("has no timer when everything ends at once", async () => {
    await using world = new ManagedWorld();
    world.load();
    world.clock.advance(20_000);
    world.at(1).end(0);
    expect([world.clock.pending, world.manager.pids()]).toEqual([0, [2]]);
  });

  test("is measured on the monotonic clock", async () => {
    await using world = new ManagedWorld();
    world.load();
    world.clock.advance(2500);
    world.clock.jumpWall(-86_400_000);
    expect(world.slot(1).uptimeMs).toBe(2500);
    world.at(1).end(0);
    expect(world.events.find((event) => event.event === "exit")?.uptime).toBe(2.5);
  });
});

describe("a stop", () => {
  test("sends the stop signal once, then SIGKILL, and says that it had to", async () => {
    await using world = new ManagedWorld();
    world.load({ gracefulTimeoutMs: 300 });
    const stop = world.manager.stopJob("dummy");
    world.manager.stopJob("dummy");
    const child = world.at(1);
    expect([child.signals, world.clock.delays, world.states()]).toEqual([[15], [300], ["stopping"]]);
    world.clock.advance(300);
    expect([child.destroyed, world.states()]).toEqual([true, ["stopping"]]);
    child.end({ signal: 9 });
    expect((await stop.done).killed).toEqual(["default.dummy.1"]);
    expect(world.slot(1).lastExit?.reason).toBe("stopped by SIGKILL");
  });

  test("kills at once without a graceful timeout", async () => {
    await using world = new ManagedWorld();
    world.load({ gracefulTimeoutMs: 0 });
    world.manager.stopJob("dummy");
    expect([world.at(1).destroyed, world.at(1).signals, world.clock.pending]).toEqual([true, [], 0]);
  });

  test("that comes before exec is confirmed is carried out when it is", async () => {
    await using world = new ManagedWorld();
    world.host.onSpawn = () => undefined;
    world.load();
    const stop = world.manager.stopJob("dummy");
    const child = world.at(1);
    expect([world.states(), child.signals]).toEqual([["stopping"], []]);
    child.spawned();
    expect([world.states(), child.signals, world.clock.pending]).toEqual([["stopping"], [15], 1]);
    child.end({ signal: 15 });
    expect([world.states(), (await stop.done).running]).toEqual([["stopped"], 0]);
    expect(world.kinds()).toEqual(["load", "start", "stop", "stop_process", "spawn", "exit"]);
  });

  test("kills what is never confirmed", async () => {
    await using world = new ManagedWorld();
    world.host.onSpawn = () => undefined;
    world.load({ gracefulTimeoutMs: 100 });
    world.manager.stopJob("dummy");
    world.clock.advance(100);
    const child = world.at(1);
    expect(child.destroyed).toBe(true);
    child.destroyed = false;
    child.spawned();
    expect(child.destroyed).toBe(true);
  });

  test("that comes before exec is confirmed is over when the spawn fails", async () => {
    await using world = new ManagedWorld();
    world.host.onSpawn = () => undefined;
    world.load();
    const stop = world.manager.stopJob("dummy");
    world.at(1).fail();
    expect([world.states(), (await stop.done).problems, world.clock.pending]).toEqual([["stopped"], [], 0]);
  });

  test("of a job that waits for its next try is over at once", async () => {
    await using world = new ManagedWorld();
    world.host.onSpawn = (process) => process.fail();
    world.load();
    await world.manager.stopJob("dummy").done;
    expect([world.states(), world.clock.pending]).toEqual([["stopped"], 0]);
  });

  test("while the output of a dead leader is still read sends nothing", async () => {
    await using world = new ManagedWorld();
    world.load();
    const child = world.at(1);
    child.exit(0);
    child.empty();
    world.manager.stopJob("dummy");
    expect([world.states(), child.signals, world.clock.delays]).toEqual([["stopping"], [], [1000]]);
    child.close();
    expect(world.states()).toEqual(["stopped"]);
  });

  test("followed by a start leads to a new process when the old one is gone", async () => {
    await using world = new ManagedWorld();
    world.load();
    world.manager.stopJob("dummy");
    const start = world.manager.startJob("dummy");
    expect([world.states(), world.manager.pids()]).toEqual([["stopping"], [1]]);
    world.host.obey();
    expect([(await start.done).running, world.manager.pids()]).toEqual([1, [2]]);
  });

  test("a start while what the leader left behind is stopped holds even where the policy says rest", async () => {
    await using world = new ManagedWorld();
    world.load({ restart: "never" });
    const child = world.at(1);
    child.exit(0, true);
    const start = world.manager.startJob("dummy");
    expect(world.manager.pids()).toEqual([1]);
    child.empty();
    child.close();
    expect([(await start.done).running, world.manager.pids()]).toEqual([1, [2]]);
  });
});

describe("Manager.stopProcess()", () => {
  test("replaces the process and says so", async () => {
    await using world = new ManagedWorld();
    world.load();
    const stop = world.manager.stopProcess(1);
    world.host.obey();
    expect([stop.result, (await stop.done).running, world.manager.pids()]).toEqual([true, 1, [2]]);
    expect(world.slot(1).restarts).toBe(0);
  });

  test("with scaleDown closes its slot, and scaling up opens that one again", async () => {
    await using world = new ManagedWorld();
    world.load({ numprocesses: 3 });
    const stop = world.manager.stopProcess(2, { scaleDown: true });
    world.host.obey();
    expect([stop.result, world.manager.info("dummy").maxProcesses, world.slots().map((slot) => slot.slot)]).toEqual([
      false,
      2,
      [1, 3],
    ]);
    world.manager.scale("dummy", 1);
    expect(world.slots().map((slot) => [slot.slot, slot.pid])).toEqual([
      [1, 1],
      [2, 4],
      [3, 3],
    ]);
  });

  test("refuses a process that is not there", async () => {
    await using world = new ManagedWorld();
    expect(thrownBy(() => world.manager.stopProcess(7))).toEqual({
      code: "process_not_found",
      message: "Cannot find process 7: no such process",
    });
  });

  test("of an unloaded job waits for its end, and leaves a new job of its name alone", async () => {
    await using world = new ManagedWorld();
    world.load();
    world.manager.unload("dummy");
    world.load({ numprocesses: 2 });
    world.kinds();
    let isOver = false;
    const stop = world.manager.stopProcess(1, { scaleDown: true });
    const over = stop.done.then(() => (isOver = true));
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    expect([stop.result, isOver, world.manager.info("dummy").maxProcesses]).toEqual([false, false, 2]);
    expect(world.kinds()).toEqual([]);
    world.host.obey();
    await over;
    expect(world.manager.pids()).toEqual([2, 3]);
  });

  test("stopall() replaces every process of a job", async () => {
    await using world = new ManagedWorld();
    world.load({ numprocesses: 2 });
    const stop = world.manager.stopall("dummy");
    world.host.obey();
    expect([(await stop.done).running, world.manager.pids()]).toEqual([2, [3, 4]]);
  });
});

describe("Manager.kill()", () => {
  test("sends a signal by name or number, and killall() to every process", async () => {
    await using world = new ManagedWorld();
    world.load({ numprocesses: 2 });
    world.manager.kill(1, "hup");
    world.manager.killall("dummy", 12);
    expect([world.host.process(1).signals, world.host.process(2).signals]).toEqual([[1, 12], [12]]);
    expect(world.events.filter((event) => event.event === "kill").map(({ pid, signum }) => [pid, signum])).toEqual([
      [1, 1],
      [1, 12],
      [2, 12],
    ]);
  });

  test("refuses a signal that does not exist and an unknown job, and sends nothing", async () => {
    await using world = new ManagedWorld();
    world.load();
    expect(thrownBy(() => world.manager.kill(1, "NOPE")).code).toBe("bad_signal");
    expect(thrownBy(() => world.manager.killall("other", 15)).code).toBe("job_not_found");
    expect([world.host.process(1).signals, world.events.some((event) => event.event === "kill")]).toEqual([[], false]);
  });

  test("refuses a process that does not run yet, or any more", async () => {
    await using world = new ManagedWorld();
    world.host.onSpawn = () => undefined;
    world.load();
    const refusal = { code: "not_running", message: "Cannot signal process 1: it is not running" };
    expect(thrownBy(() => world.manager.kill(1, "HUP"))).toEqual(refusal);
    world.at(1).spawned();
    world.at(1).exit(0, true);
    expect(thrownBy(() => world.manager.kill(1, "HUP"))).toEqual(refusal);
    world.manager.killall("dummy", "HUP");
    expect(world.events.some((event) => event.event === "kill")).toBe(false);
  });

  test("an end by that very signal is no crash: no delay, no flapping, no restart that counts", async () => {
    await using world = new ManagedWorld();
    world.load({ flapping: "1 60 5 0" });
    world.manager.kill(1, "KILL");
    world.at(1).end({ signal: 9 });
    expect([world.states(), world.manager.pids(), world.slot(1).restarts]).toEqual([["running"], [2], 0]);
  });

  test("an end by another cause after a signal is a crash", async () => {
    await using world = new ManagedWorld();
    world.load();
    world.manager.kill(1, "HUP");
    world.at(1).end({ signal: 11 });
    expect([world.states(), world.slot(1).reason]).toEqual([["backoff"], "killed by SIGSEGV; next try in 0.1 s"]);
  });

  test("does not start a job again that is never restarted", async () => {
    await using world = new ManagedWorld();
    world.load({ restart: "never" });
    world.manager.kill(1, "TERM");
    world.at(1).end({ signal: 15 });
    expect([world.states(), world.slot(1).reason]).toEqual([["exited"], "killed by SIGTERM"]);
  });
});

describe("Manager.send()", () => {
  test("writes texts as they are, lines with their ends, and bytes, to stdin or a stream", async () => {
    await using world = new ManagedWorld();
    world.load();
    world.manager.send(1, "ECHO");
    world.manager.send(1, ["a", "b"]);
    world.manager.send(1, new Uint8Array([104, 105]), "ctl");
    expect(world.host.process(1).written).toEqual([
      { text: "ECHO", stream: undefined },
      { text: "a\nb\n", stream: undefined },
      { text: "hi", stream: "ctl" },
    ]);
    expect(thrownBy(() => world.manager.send(9, "x")).code).toBe("process_not_found");
  });
});

describe("Manager.getProcess()", () => {
  test("tells what a process is", async () => {
    await using world = new ManagedWorld();
    world.load({ cmd: "serve -v", uid: "www", redirectInput: true, customStreams: ["ctl"] });
    expect(world.manager.getProcess(1)).toEqual({
      pid: 1,
      name: "default.dummy",
      slot: 1,
      cmd: "serve",
      args: ["-v"],
      env: {
        PATH: "/bin",
        HOME: "/root",
        PS: "dummy.1",
        GAFFER_JOB: "default.dummy",
        GAFFER_PROCESS_ID: "1",
        GAFFER_STREAM_CTL_FD: "3",
      },
      uid: "www",
      gid: undefined,
      osPid: 1001,
      createTime: 1_700_000_005_000,
      committed: false,
      redirectOutput: ["stdout", "stderr"],
      redirectInput: true,
      customStreams: ["ctl"],
      active: true,
    });
  });
});
