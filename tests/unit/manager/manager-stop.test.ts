import { describe, expect, test } from "bun:test";
import type { App } from "../../../src/manager/app.ts";
import { thrownBy } from "../../support/thrown-by.ts";
import { ManagedWorld } from "./managed-world.ts";

/** Lets promises have their turn. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 12; turn++) await Promise.resolve();
}

function app(name: string, heard: string[]): App {
  return {
    start: () => void heard.push(`start ${name}`),
    stop: async () => {
      await Promise.resolve();
      heard.push(`stop ${name}`);
    },
    restart: () => void heard.push(`restart ${name}`),
  };
}

describe("Manager.start()", () => {
  test("starts apps in order, each when the one before it is ready", async () => {
    await using world = new ManagedWorld();
    const heard: string[] = [];
    const slow: App = {
      start: async () => {
        await settle();
        heard.push("start slow");
      },
      stop: () => undefined,
    };
    await world.manager.start([slow, app("quick", heard)]);
    expect([heard, world.manager.started, world.manager.active]).toEqual([["start slow", "start quick"], true, true]);
  });

  test("goes on when an app fails, and reports it", async () => {
    await using world = new ManagedWorld();
    const heard: string[] = [];
    const fault = new Error("app");
    const broken: App = { start: () => Promise.reject(fault), stop: () => undefined };
    await world.manager.start([broken, app("good", heard)]);
    expect([heard, world.errors.splice(0)]).toEqual([["start good"], [fault]]);
  });

  test("is refused a second time", async () => {
    await using world = new ManagedWorld();
    await world.manager.start();
    const again = await world.manager.start().catch((error: unknown) => String(error));
    expect(again).toContain("Cannot start the manager: it is started already");
  });
});

describe("Manager.stop()", () => {
  test("stops in reverse order of priority, together within one, the next only when those are gone", async () => {
    await using world = new ManagedWorld();
    world.manager.load({ name: "db", cmd: "x", priority: 0 });
    world.manager.load({ name: "web", cmd: "x", priority: 1 });
    world.manager.load({ name: "api", cmd: "x", priority: 1 });
    world.manager.load({ name: "job", cmd: "x" });
    const stop = world.manager.stop();
    const asked = (): string[] =>
      world.host.living.filter((one) => one.signals.length > 0).map((one) => one.request.job.slice(8));
    const waves: string[][] = [];
    for (let wave = 0; wave < 3; wave++) {
      await settle();
      waves.push(asked());
      world.host.obey();
    }
    await stop;
    expect(waves).toEqual([["job"], ["web", "api"], ["db"]]);
  });

  test("refuses new work from its first moment, also from inside its own events", async () => {
    await using world = new ManagedWorld();
    world.load();
    const codes: string[] = [];
    world.manager.events.subscribe("stop", () => {
      codes.push(thrownBy(() => world.manager.load({ name: "late", cmd: "x" })).code);
      codes.push(thrownBy(() => world.manager.startJob("dummy")).code);
      codes.push(thrownBy(() => world.manager.commit("dummy")).code);
    });
    const stop = world.manager.stop();
    expect(codes).toEqual(["shutting_down", "shutting_down", "shutting_down"]);
    expect(world.manager.active).toBe(false);
    world.host.obey();
    await stop;
  });

  test("fills no slot that falls empty while it waits for another job", async () => {
    await using world = new ManagedWorld();
    world.manager.load({ name: "db", cmd: "x", priority: 0 });
    world.manager.load({ name: "web", cmd: "x", priority: 1 });
    world.clock.advance(20_000);
    const stop = world.manager.stop();
    world.host.at("default.db.1").end(1);
    expect(world.host.labels).toEqual(["default.web.1"]);
    world.host.obey();
    await stop;
  });

  test("stops apps in order when nothing is left, then calls back; one that fails hurts no other", async () => {
    await using world = new ManagedWorld();
    const heard: string[] = [];
    const fault = new Error("app");
    const broken: App = {
      start: () => undefined,
      stop: () => {
        throw fault;
      },
    };
    await world.manager.start([app("a", heard), broken, app("b", heard)]);
    world.load();
    heard.splice(0);
    const stop = world.manager.stop(() => void heard.push(`called back, started: ${world.manager.started}`));
    await settle();
    expect(heard).toEqual([]);
    world.host.obey();
    await stop;
    expect(heard).toEqual(["stop a", "stop b", "called back, started: false"]);
    expect(world.errors.splice(0)).toEqual([fault]);
  });

  test("names who had to be killed, and a second call waits with the first", async () => {
    await using world = new ManagedWorld();
    world.load({ numprocesses: 2, gracefulTimeoutMs: 100 });
    const [first, second] = [world.manager.stop(), world.manager.stop()];
    world.at(1).end({ signal: 15 });
    world.clock.advance(100);
    world.host.obey();
    expect([(await first).killed, await second]).toEqual([["default.dummy.2"], await first]);
  });

  test("waits for what an unloaded job has left, and for what is committed to a stopped one", async () => {
    await using world = new ManagedWorld();
    world.load();
    world.manager.load({ name: "once", cmd: "x" }, { start: false });
    world.manager.commit("once");
    world.manager.unload("dummy");
    let isOver = false;
    const stop = world.manager.stop(() => (isOver = true));
    await settle();
    expect([isOver, world.host.process(2).signals]).toEqual([false, [15]]);
    world.host.process(2).end();
    await settle();
    expect(isOver).toBe(false);
    world.host.obey();
    await stop;
  });

  test("destroy() ends at once what a stop waits for, the lower priorities included", async () => {
    await using world = new ManagedWorld();
    world.manager.load({ name: "db", cmd: "x", priority: 0 });
    world.manager.load({ name: "web", cmd: "x" });
    const stop = world.manager.stop();
    world.manager.destroy();
    expect(world.host.living.map((process) => process.destroyed)).toEqual([true, true]);
    world.host.obey();
    expect((await stop).killed.toSorted()).toEqual(["default.db.1", "default.web.1"]);
  });
});

describe("Manager.restart()", () => {
  test("restarts the apps, then replaces every process of every running job", async () => {
    await using world = new ManagedWorld();
    const heard: string[] = [];
    await world.manager.start([app("a", heard), app("b", heard)]);
    world.load({ numprocesses: 2 });
    world.manager.load({ name: "idle", cmd: "x" }, { start: false });
    const restart = world.manager.restart(() => void heard.push("called back"));
    await settle();
    world.host.obey();
    await restart;
    expect([heard.slice(2), world.manager.pids()]).toEqual([
      ["restart a", "restart b", "called back"],
      [3, 4],
    ]);
  });
});
