import { describe, expect, test } from "bun:test";
import { EventChannel } from "../../../src/manager/event-channel.ts";
import { EventEmitter } from "../../../src/manager/event-emitter.ts";
import type { GafferEvent } from "../../../src/manager/gaffer-event.ts";
import { thrownBy } from "../../support/thrown-by.ts";
import { ManagedWorld } from "./managed-world.ts";

describe("events of a manager", () => {
  test("come in upstream's order", async () => {
    await using world = new ManagedWorld();
    world.load({ numprocesses: 2 });
    expect(world.kinds()).toEqual(["load", "start", "spawn", "spawn"]);
    world.manager.reload("dummy");
    expect(world.kinds()).toEqual(["reload", "stop_process", "stop_process"]);
    world.host.obey();
    expect(world.kinds()).toEqual(["exit", "spawn", "exit", "spawn"]);
    world.manager.scale("dummy", -1);
    expect(world.kinds()).toEqual(["update", "reap"]);
    world.host.obey();
    world.kinds();
    world.manager.restartJob("dummy");
    world.host.obey();
    expect(world.kinds()).toEqual(["restart", "stop_process", "exit", "spawn"]);
    world.manager.unload("dummy");
    expect(world.kinds()).toEqual(["unload", "stop", "stop_process"]);
    world.host.obey();
    expect(world.kinds()).toEqual(["exit"]);
  });

  test("say everything of a spawn and an exit", async () => {
    await using world = new ManagedWorld();
    world.load();
    world.clock.advance(1500);
    world.at(1).end(3);
    const spawn = {
      event: "spawn",
      name: "default.dummy",
      pid: 1,
      os_pid: 1001,
      slot: 1,
      time: 1_700_000_005_000,
      seq: 3,
    };
    expect(world.events.slice(2, 4)).toEqual([
      { ...spawn, event: "spawn", detached: false, detach: false },
      {
        ...spawn,
        event: "exit",
        time: 1_700_000_006_500,
        seq: 4,
        exit_status: 3,
        exit_code: 3,
        term_signal: 0,
        once: false,
        uptime: 1.5,
        reason: "exited with code 3",
      },
    ]);
    world.manager.kill(2, 9);
    world.at(1).end({ signal: 9 });
    expect(world.events.findLast((event) => event.event === "exit")).toMatchObject({
      exit_status: 0,
      exit_code: null,
      term_signal: 9,
      reason: "killed by SIGKILL",
    });
    world.manager.stopJob("dummy");
    world.host.obey();
    expect(world.events.at(-1)).toMatchObject({ event: "exit", reason: "stopped", term_signal: 15 });
  });

  test("reach wildcard, kind, job and process, each listener once", async () => {
    await using world = new ManagedWorld();
    const heard: string[] = [];
    for (const pattern of [
      ".",
      "spawn",
      "job.default.dummy",
      "proc.1",
      "proc.default.dummy",
      "proc.dummy",
      "create",
      "job",
    ])
      world.manager.events.subscribe(pattern, (topic, { event }) => {
        if (event === "spawn" || event === "load") heard.push(`${pattern}: ${topic}`);
      });
    world.load();
    expect(heard).toEqual([
      ".: load",
      "job.default.dummy: job.default.dummy.load",
      "proc.default.dummy: proc.default.dummy.load",
      "proc.dummy: proc.dummy.load",
      "create: create",
      "job: job.default.dummy.load",
      ".: spawn",
      "spawn: spawn",
      "job.default.dummy: job.default.dummy.spawn",
      "proc.1: proc.1.spawn",
      "proc.default.dummy: proc.default.dummy.spawn",
      "proc.dummy: proc.dummy.spawn",
      "job: job.default.dummy.spawn",
    ]);
  });

  test("are told when the state is whole, and a listener may give commands", async () => {
    await using world = new ManagedWorld();
    const seen: string[] = [];
    world.manager.events.subscribe("spawn", (_, { pid = 0 }) => {
      seen.push(`${pid}: ${world.states().join(" ")}`);
      if (pid === 1) world.manager.scale("dummy", 1);
    });
    world.load();
    expect(seen).toEqual(["1: running", "2: running running"]);
    expect(world.events.map((event) => event.seq)).toEqual([1, 2, 3, 4, 5]);
  });

  test("a listener that throws is reported and hurts nobody", async () => {
    await using world = new ManagedWorld();
    const fault = new Error("listener");
    world.manager.events.subscribe("start", () => {
      throw fault;
    });
    world.load();
    expect([world.states(), world.errors.splice(0)]).toEqual([["running"], [fault]]);
  });

  test("are kept for late readers, as many as asked for", async () => {
    await using world = new ManagedWorld({ historyLimit: 4 });
    for (let round = 0; round < 5; round++) {
      world.load({}, { start: false });
      world.manager.unload("dummy");
    }
    const { events, missed } = world.manager.eventsSince(3);
    expect([events.map((event) => event.seq), missed]).toEqual([[12, 13, 14, 15], 8]);
  });
});

describe("Manager.subscribe()", () => {
  test("EVENTS hears all, JOB and PROCESS without their prefix", async () => {
    await using world = new ManagedWorld();
    const heard: string[] = [];
    for (const topic of ["EVENTS", "job:Web", "PROCESS:1"])
      world.manager.subscribe(topic).bindAll((event, { name }) => heard.push(`${topic} ${event} ${name}`));
    world.manager.load({ name: "Web", cmd: "x" });
    world.manager.load({ name: "other", cmd: "x" }, { start: false });
    expect(heard).toEqual([
      "EVENTS load default.Web",
      "job:Web load default.Web",
      "EVENTS start default.Web",
      "job:Web start default.Web",
      "EVENTS spawn default.Web",
      "job:Web spawn default.Web",
      "PROCESS:1 spawn default.Web",
      "EVENTS load default.other",
    ]);
  });

  test("binds and unbinds single kinds", async () => {
    await using world = new ManagedWorld();
    const heard: string[] = [];
    const channel = world.manager.subscribe("EVENTS:job.default");
    const listener = (event: string): number => heard.push(event);
    channel.bind("job.default.dummy.start", listener);
    channel.bindAll(listener);
    channel.unbindAll(listener);
    world.load();
    channel.unbind("job.default.dummy.start", listener);
    world.manager.startJob("dummy");
    expect(heard).toEqual(["job.default.dummy.start"]);
  });

  test("a bound listener that throws is reported and hurts no other of its channel", async () => {
    await using world = new ManagedWorld();
    const heard: string[] = [];
    const channel = world.manager.subscribe("EVENTS");
    channel.bind("load", () => {
      throw new Error("listener");
    });
    channel.bindAll((event) => heard.push(event));
    world.load({}, { start: false });
    expect([heard, world.errors.splice(0).map(String)]).toEqual([
      ["load"],
      ['AggregateError: Cannot tell "load" to every listener of EVENTS'],
    ]);
  });

  test("unsubscribe() leaves nothing behind", async () => {
    await using world = new ManagedWorld();
    const emitter = new EventEmitter<GafferEvent>(() => undefined);
    const channel = new EventChannel("EVENTS", emitter);
    expect(emitter.active).toBe(true);
    world.manager.unsubscribe("EVENTS", channel);
    expect(emitter.active).toBe(false);
  });

  test("gives topics that another layer provides", async () => {
    await using world = new ManagedWorld();
    const targets: string[] = [];
    const source = new EventChannel("EVENTS", new EventEmitter<GafferEvent>(() => undefined));
    world.manager.provideTopic("stats", (target) => {
      targets.push(target);
      return source;
    });
    expect(world.manager.subscribe("STATS:default.Web")).toBe(source);
    expect(targets).toEqual(["default.Web"]);
  });

  test("refuses topics that nobody knows", async () => {
    await using world = new ManagedWorld();
    for (const topic of ["", "NOPE", "NOPE:x", "PROCESS:x", "JOB:", "STATS:1"])
      expect(thrownBy(() => world.manager.subscribe(topic)).code).toBe("bad_topic");
  });
});
