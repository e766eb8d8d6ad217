import { describe, expect, test } from "bun:test";
import { ManagedWorld } from "./managed-world.ts";

describe("a detached job", () => {
  test("Manager.stop() leaves its running processes alone, and stops what else there is of it", async () => {
    await using world = new ManagedWorld();
    world.load({ detach: true, numprocesses: 3 });
    const [first, second, third] = [1, 2, 3].map((slot) => world.at(slot));
    if (first === undefined || second === undefined || third === undefined) throw new Error("three slots");
    second.exit(0, true);
    const committed = world.host.process(world.manager.commit("dummy"));
    world.events.splice(0);
    const stopped = world.manager.stop();
    expect([first, second, third, committed].map((one) => [one.released, one.signals])).toEqual([
      [true, []],
      [false, [15]],
      [true, []],
      [false, [15]],
    ]);
    world.host.obey();
    expect(await stopped).toMatchObject({ running: 0, killed: [] });
    // Nothing is told of those that live on: they did not stop, nor exit.
    expect(world.events.filter(({ pid }) => pid === first.request.id || pid === third.request.id)).toEqual([]);
    expect(world.states()).toEqual(["stopped", "stopped", "stopped"]);
  });

  test("one whose exec is not confirmed is stopped: nobody could know it again", async () => {
    await using world = new ManagedWorld();
    world.host.onSpawn = () => undefined;
    world.load({ detach: true });
    const stopped = world.manager.stop();
    const one = world.at(1);
    one.spawned();
    expect([one.released, one.signals]).toEqual([false, [15]]);
    world.host.obey();
    await stopped;
  });

  test("is stopped by stop, scale and unload like any other", async () => {
    await using world = new ManagedWorld();
    world.load({ detach: true, numprocesses: 2 });
    world.manager.scale("dummy", "=1");
    expect(world.at(2).signals).toEqual([15]);
    world.host.obey();
    world.manager.stopJob("dummy");
    expect(world.at(1).signals).toEqual([15]);
    world.host.obey();
    world.manager.startJob("dummy");
    world.manager.unload("dummy");
    expect(world.at(1).signals).toEqual([15]);
    world.host.obey();
    expect(world.host.living).toEqual([]);
  });

  test("Manager.destroy() during a stop does not reach one that was let go", async () => {
    await using world = new ManagedWorld();
    world.load({ detach: true });
    const one = world.at(1);
    const stopped = world.manager.stop();
    world.manager.destroy();
    await stopped;
    expect([one.released, one.destroyed, one.signals]).toEqual([true, false, []]);
  });

  test("publishes no stop of a job of which everything lives on", async () => {
    await using world = new ManagedWorld();
    world.load({ detach: true });
    world.events.splice(0);
    await world.manager.stop();
    expect(world.kinds()).toEqual([]);
  });
});

describe("an adopted process", () => {
  test("has the age it has, and an end that nobody knows", async () => {
    await using world = new ManagedWorld();
    world.host.onSpawn = (process) => {
      process.phase = "running";
      process.observer.spawned(process.osPid, 3_600_000);
    };
    world.load({ detach: true });
    world.clock.advance(500);
    const { uptimeMs, pid = 0 } = world.slot(1);
    expect([uptimeMs, world.manager.getProcess(pid).createTime]).toEqual([3_600_500, world.clock.wallMs() - 3_600_500]);
    world.events.splice(0);
    world.host.onSpawn = (process) => process.spawned();
    world.at(1).end({ code: null, signal: null, unknown: true });
    const [exit] = world.events;
    expect(exit).toMatchObject({
      event: "exit",
      exit_code: null,
      uptime: 3600.5,
      reason: "ended, nobody knows how: it was adopted",
    });
    expect([exit?.exit_status, exit?.term_signal]).toEqual([undefined, undefined]);
    // It lived long enough: no delay.
    expect(world.slot(1).state).toBe("running");
  });

  test("is followed by another when its job restarts on failure: it may have been one", async () => {
    await using world = new ManagedWorld();
    world.load({ detach: true, restart: "on-failure" });
    world.clock.advance(20_000);
    world.at(1).end({ code: null, signal: null, unknown: true });
    expect([world.slot(1).state, world.slot(1).pid]).toEqual(["running", 2]);
  });
});
