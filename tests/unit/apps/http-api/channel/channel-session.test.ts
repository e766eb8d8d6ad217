import { expect, test } from "bun:test";
import { NOBODY } from "../../../../../src/base/caller.ts";
import { ChannelWorld, cmd, FakeCaller, sub, unsub } from "./channel-world.ts";

const event = (topic: string, kind: string): object => ({
  event: "gaffer:event",
  data: expect.objectContaining({ event: kind, topic }),
});
const success = (topic: string): object => ({ event: "gaffer:subscription_success", topic });
const refused = (topic: string, reason: string): object => ({
  event: "gaffer:subscription_error",
  topic,
  data: expect.objectContaining({ reason, topic }),
});
const result = (value: unknown, id: string | number = 1): object => ({
  event: "gaffer:command_success",
  data: { id, result: value },
});
const failure = (errno: number, reason: string, id: string | number = 1): object => ({
  event: "gaffer:command_error",
  data: { id, error: expect.objectContaining({ errno, reason }) },
});

const sample = (topic: string, more: object = {}): object => ({
  event: "gaffer:event",
  data: expect.objectContaining({
    event: "stat",
    topic,
    pid: 1,
    os_pid: 1001,
    name: "default.dummy",
    cpu: 1,
    ...more,
  }),
});

const streamEvent = (topic: string, kind: string, more: object): object => ({
  event: "gaffer:event",
  data: { event: kind, topic, name: "default.dummy", pid: 1, ...more },
});

test("SUB EVENTS: success first, then load, start, update, stop, unload as gaffer 0.5 had them", async () => {
  await using world = new ChannelWorld();
  const { manager } = world.base;
  const socket = world.channel();
  await socket.hear(sub("EVENTS"));
  world.base.load();
  manager.scale("dummy", 1);
  manager.stopJob("dummy");
  manager.unload("dummy");
  await socket.settle();
  const [first, ...rest] = socket.take();
  expect(first).toEqual(success("EVENTS"));
  const kinds = ["load", "start", "spawn", "update", "spawn", "stop", "stop_process", "stop_process", "unload", "stop"];
  expect(rest).toEqual(kinds.map((kind) => event("EVENTS", kind)));
  expect(rest[0]).toEqual({
    event: "gaffer:event",
    data: { event: "load", topic: "EVENTS", name: "default.dummy", seq: 1, time: expect.any(Number) },
  });
});

test("topics keep their case; JOB takes older names, PROCESS a number, EVENTS a pattern", async () => {
  await using world = new ChannelWorld();
  const { manager } = world.base;
  const socket = world.channel();
  const topics = ["JOB:Shop.Web", "job:Shop/Web", "JOB:Web", "PROCESS:1", "EVENTS:exit", "EVENTS:."];
  manager.load({ name: "Shop.Web", cmd: "sleep 1" });
  for (const topic of topics) await socket.hear(sub(topic));
  expect(socket.take()).toEqual(topics.map(success));
  world.base.host.at("Shop.Web.1").end(1);
  await socket.settle();
  const told = socket.take();
  expect(told.filter((one) => JSON.stringify(one).includes('"exit"'))).toEqual(
    ["JOB:Shop.Web", "job:Shop/Web", "PROCESS:1", "EVENTS:exit", "EVENTS:."].map((topic) => event(topic, "exit")),
  );
  expect(told.filter((one) => JSON.stringify(one).includes("JOB:Web"))).toEqual([]);
});

test("SUB is counted, UNSUB is answered with success, and only the last ends it", async () => {
  await using world = new ChannelWorld();
  const socket = world.channel();
  for (const message of [sub("EVENTS"), sub("EVENTS"), unsub("EVENTS")]) await socket.hear(message);
  world.base.load();
  await socket.settle();
  expect(socket.take().slice(0, 4)).toEqual([
    ...Array.from({ length: 3 }, () => success("EVENTS")),
    event("EVENTS", "load"),
  ]);
  await socket.hear(unsub("EVENTS"));
  world.base.manager.unload("dummy");
  await socket.hear(unsub("EVENTS"));
  await socket.hear(unsub("nonsense"));
  expect(socket.take()).toEqual([success("EVENTS"), success("EVENTS"), success("nonsense")]);
});

test("a topic that is none, or not there, is refused with gaffer 0.5's words, and the socket lives", async () => {
  await using world = new ChannelWorld();
  world.base.load({ redirectOutput: ["out"] });
  const socket = world.channel();
  const cases = [
    ["NONSENSE", "invalid_topic"],
    ["JOB:", "invalid_topic"],
    ["JOB:a b", "invalid_topic"],
    ["PROCESS:99", "not_found"],
    ["PROCESS:x", "invalid_process"],
    ["STATS:", "invalid_topic"],
    ["STATS:99", "not_found"],
    ["STATS:none", "not_found"],
    ["STREAM:dummy", "invalid_topic"],
    ["STREAM:99", "not_found"],
    ["STREAM:1.err", "stream_not_found"],
  ] as const;
  for (const [topic, reason] of cases) {
    await socket.hear(sub(topic));
    expect(socket.take()).toEqual([refused(topic, reason)]);
  }
  expect(socket.closed).toBeUndefined();
});

test("what is no message is told why, in gaffer 0.5's words", async () => {
  await using world = new ChannelWorld();
  const socket = world.channel();
  for (const message of [
    "{",
    {},
    { event: "CMD" },
    { event: "CMD", data: { identity: 3 } },
    { event: "X", data: {} },
  ]) {
    await socket.hear(message);
  }
  const reasons = ["invalid_json", "event_missing", "data_missing", "cmd_name_missing", "unknown_cmd"];
  expect(socket.take()).toMatchObject(
    reasons.map((reason) => ({ event: "gaffer:error", data: { error: "invalid_msg", reason } })),
  );
  await socket.hear({ event: "NOP" });
  expect(socket.take()).toEqual([]);
});

test("CMD: each is answered exactly once and in order, by place and by name, shaped as gaffer 0.5 did", async () => {
  await using world = new ChannelWorld();
  const socket = world.channel();
  const run = async (name: string, args?: unknown[], kwargs?: object): Promise<unknown> => {
    await socket.hear(cmd(name, args, kwargs));
    const answers = socket.take();
    expect(answers).toHaveLength(1);
    return answers[0];
  };
  const config = { name: "dummy", cmd: "sleep 60", redirect_input: true };
  expect(await run("load", [config])).toEqual(result({ ok: true, name: "default.dummy" }));
  expect(
    await run("load", [{ ...config, env: { A: "1" } }], { sessionid: "s", start: false, env: { B: "2" } }),
  ).toEqual(result({ ok: true, name: "s.dummy" }));
  expect(world.base.manager.get("s.dummy").env).toEqual({ A: "1", B: "2" });
  expect(await run("sessions")).toEqual(result({ sessions: ["default", "s"] }));
  expect(await run("jobs")).toEqual(result({ jobs: ["default.dummy", "s.dummy"] }));
  expect(await run("jobs", ["s"])).toEqual(result({ sessionid: "s", jobs: ["s.dummy"] }));
  expect(await run("jobs", [null])).toEqual(result({ jobs: ["default.dummy", "s.dummy"] }));
  expect(await run("pids")).toEqual(result({ pids: [1] }));
  expect(await run("pids", ["dummy"])).toEqual(result({ sessionid: "dummy", pids: [1] }));
  expect(await run("scale", ["dummy", "+1"])).toMatchObject(result({ numprocesses: 2 }));
  expect(await run("scale", [], { name: "dummy", scale: -1 })).toMatchObject(result({ numprocesses: 1 }));
  expect(await run("info", ["dummy"])).toMatchObject({
    data: { result: { info: { name: "default.dummy", running: 2 } } },
  });
  expect(await run("stats", ["dummy"])).toMatchObject({ data: { result: { stats: { name: "default.dummy" } } } });
  expect(await run("process_info", [1])).toMatchObject({ data: { result: { info: { pid: 1, os_pid: 1001 } } } });
  expect(await run("process_stats", [1])).toMatchObject({ data: { result: { stats: { os_pid: 1001 } } } });
  expect(await run("send", [1, "hello\n"])).toEqual(result({ ok: true }));
  expect(await run("send", [1, ["a", "b"]])).toEqual(result({ ok: true }));
  expect(world.base.at(1).written.map(({ text }) => text)).toEqual(["hello\n", "a\nb\n"]);
  expect(await run("kill", [1, "HUP"])).toEqual(result({ ok: true }));
  expect(await run("killall", ["dummy", 1])).toEqual(result({ ok: true }));
  expect(world.base.at(1).signals).toEqual([1, 1]);
  expect(await run("commit", ["dummy", null, { C: "3" }])).toEqual(result({ ok: true, pid: 3 }));
  expect(await run("stop_process", [3])).toMatchObject({ data: { result: { ok: true } } });
  expect(await run("update", [{ ...config, numprocesses: 1, graceful_timeout: 1 }])).toEqual(result({ ok: true }));
  for (const name of ["stop_job", "start_job", "reload", "stopall", "restart_job", "unload"]) {
    expect([name, await run(name, ["dummy"])]).toEqual([name, result({ ok: true })]);
  }
  expect(await run("unload", ["dummy"], { sessionid: "s" })).toEqual(result({ ok: true }));
  expect(await run("jobs")).toEqual(result({ jobs: [] }));
});

test("CMD: what is refused says why in gaffer 0.5's words, and has no effect", async () => {
  await using world = new ChannelWorld();
  world.base.load();
  const socket = world.channel();
  const before = JSON.stringify(world.base.manager.status);
  const cases: (readonly [object, number, string])[] = [
    [cmd("fly"), 404, "command_not_found"],
    [cmd("__proto__"), 404, "command_not_found"],
    [cmd("info", ["none"]), 404, "not_found"],
    [cmd("info"), 400, "bad_command"],
    [cmd("info", ["dummy", "more"]), 400, "bad_command"],
    [cmd("info", ["dummy"], { name: "dummy" }), 400, "bad_command"],
    [cmd("load"), 400, "config_missing"],
    [cmd("load", ["dummy"]), 400, "invalid_config"],
    [cmd("load", [{ name: "x" }]), 400, "invalid_config"],
    [cmd("load", [{ name: "x", cmd: "y", nmae: 1 }]), 400, "invalid_config"],
    [cmd("load", [{ name: "dummy", cmd: "y" }]), 409, "process_conflict"],
    [cmd("load", [{ name: "a.x", cmd: "y" }], { sessionid: "b" }), 400, "invalid_config"],
    [cmd("unload", ["a.dummy"], { sessionid: "b" }), 400, "bad_command"],
    [cmd("scale", ["dummy", "*2"]), 400, "bad_value"],
    [cmd("killall", ["dummy", "NOSIG"]), 400, "bad_signal"],
    [cmd("kill", ["1", "HUP"]), 400, "bad_command"],
    [cmd("process_info", [99]), 404, "not_found"],
  ];
  for (const [message, errno, reason] of cases) {
    await socket.hear(message);
    expect([message, socket.take()]).toEqual([message, [failure(errno, reason)]]);
  }
  expect(JSON.stringify(world.base.manager.status)).toBe(before);
});

test("a bug within a command is told, and answered with 500 once", async () => {
  await using world = new ChannelWorld();
  world.base.load();
  world.onLook = () => {
    throw new Error("no /proc");
  };
  const socket = world.channel();
  await socket.hear(cmd("stats", ["dummy"]));
  expect(socket.take()).toEqual([failure(500, "internal")]);
  expect(world.errors.splice(0)).toEqual([new Error("no /proc")]);
});

test("AUTH: nothing is served before it, a wrong key closes, the right one is silent and counts", async () => {
  await using world = new ChannelWorld();
  world.base.load();
  const caller = new FakeCaller("read default.dummy");
  world.keys.set("secret", caller);
  for (const first of [cmd("jobs"), sub("EVENTS"), { event: "NOP" }, "{", "AUTH:", "AUTH:wrong", "auth:secret"]) {
    const socket = world.channel(NOBODY);
    await socket.hear(first);
    expect([first, socket.take()]).toEqual([
      first,
      [{ event: "gaffer:error", data: expect.objectContaining({ error: "AUTH_REQUIRED" }) }],
    ]);
    expect(socket.closed).toEqual([1008, "a key is needed"]);
  }
  const socket = world.channel(NOBODY);
  await socket.hear("AUTH:secret");
  expect([socket.take(), caller.listeners]).toEqual([[], 1]);
  await socket.hear(cmd("info", ["dummy"]));
  expect(socket.take()).toMatchObject([{ event: "gaffer:command_success" }]);
  socket.close(1000, "");
  expect(caller.listeners).toBe(0);
});

test("a key may do what it may do and no more; what is refused has no effect", async () => {
  await using world = new ChannelWorld();
  world.base.load({ redirectInput: true });
  const socket = world.channel(new FakeCaller("read default.dummy"));
  const before = JSON.stringify(world.base.manager.status);
  const refusedOnes = [
    cmd("sessions"),
    cmd("jobs"),
    cmd("pids"),
    cmd("load", [{ name: "x", cmd: "y" }]),
    cmd("unload", ["dummy"]),
    cmd("update", [{ name: "dummy", cmd: "y" }]),
    cmd("reload", ["dummy"]),
    cmd("stop_job", ["dummy"]),
    cmd("scale", ["dummy", 5]),
    cmd("stopall", ["dummy"]),
    cmd("killall", ["dummy", "KILL"]),
    cmd("commit", ["dummy"]),
    cmd("kill", [1, "KILL"]),
    cmd("stop_process", [1]),
    cmd("send", [1, "x"]),
    cmd("shutdown"),
  ];
  for (const message of refusedOnes) {
    await socket.hear(message);
    expect([message, socket.take()]).toEqual([message, [failure(403, "forbidden")]]);
  }
  expect(JSON.stringify(world.base.manager.status)).toBe(before);
  expect([world.base.at(1).signals, world.base.at(1).written]).toEqual([[], []]);
  for (const topic of ["EVENTS", "EVENTS:job.default.dummy", "JOB:other"]) {
    await socket.hear(sub(topic));
    expect(socket.take()).toEqual([refused(topic, "forbidden")]);
  }
  for (const topic of ["JOB:dummy", "PROCESS:1", "STATS:1", "STATS:dummy"]) {
    await socket.hear(sub(topic));
    expect(socket.take()).toEqual([success(topic)]);
  }
});

test("a permission that is taken back ends its topics at once; a key that is taken back closes the socket", async () => {
  await using world = new ChannelWorld();
  world.base.load();
  const caller = new FakeCaller("read default.dummy", "read s.other");
  const socket = world.channel(caller);
  await socket.hear(sub("JOB:dummy"));
  await socket.hear(sub("JOB:s.other"));
  socket.take();
  caller.rights.delete("read default.dummy");
  world.base.manager.stopJob("dummy");
  await socket.settle();
  expect(socket.take()).toEqual([refused("JOB:dummy", "forbidden")]);
  caller.revoke();
  world.base.manager.load({ name: "s.other", cmd: "x" });
  expect(socket.closed).toEqual([1008, "the key was taken back"]);
  expect(socket.take()).toEqual([]);
});

test("a reader that is slow loses no event that is kept, and is told of those that are not", async () => {
  await using world = new ChannelWorld();
  const { manager } = world.base;
  const socket = world.channel();
  await socket.hear(sub("EVENTS"));
  await socket.hear(sub("EVENTS:start"));
  socket.take();
  socket.room = 0;
  manager.load({ name: "a", cmd: "x", numprocesses: 0 });
  for (let round = 0; round < 3000; round++) {
    manager.stopJob("a");
    manager.startJob("a");
  }
  await socket.settle();
  const last = manager.seq;
  await socket.drain(10);
  expect(socket.take()).toHaveLength(10);
  await socket.drain();
  const all = socket.takeEvents();
  expect(all.filter(({ event: kind }) => kind === "gap")).toEqual([]);
  expect(all.findLast(({ topic }) => topic === "EVENTS")?.["seq"]).toBe(last);
  expect(all).toHaveLength(last + 3001 - 10);

  socket.room = 0;
  for (let round = 0; round < 10_000; round++) {
    manager.stopJob("a");
    manager.startJob("a");
  }
  await socket.drain();
  const later = socket.takeEvents();
  const gaps = later.filter(({ event: kind }) => kind === "gap");
  expect(new Set(gaps.map(({ topic }) => topic))).toEqual(new Set(["EVENTS", "EVENTS:start"]));
  const whole = later.filter(({ topic, event: kind }) => topic === "EVENTS" && kind !== "gap");
  const missed = Number(gaps.find(({ topic }) => topic === "EVENTS")?.["missed"]);
  expect(missed + whole.length).toBe(manager.seq - last);
});

test("STATS: samples of a process, and of a job's that come later; slow readers get the latest; the end is told", async () => {
  await using world = new ChannelWorld();
  world.base.load({ restart: "never" });
  const socket = world.channel();
  await socket.hear(sub("STATS:1"));
  await socket.hear(sub("STATS:default.dummy"));
  socket.take();
  await world.look();
  expect(socket.take()).toEqual([sample("STATS:1"), sample("STATS:default.dummy")]);
  socket.room = 0;
  for (let round = 0; round < 3; round++) await world.look();
  await socket.drain();
  // The first of the samples was refused when it was made already.
  const late = socket.takeEvents();
  const missed = (wanted: string): unknown[] =>
    late.flatMap(({ topic, missed: count = 0 }) => (topic === wanted ? [count] : []));
  expect([missed("STATS:1"), missed("STATS:default.dummy")]).toEqual([[0, 1], [2]]);
  world.base.at(1).end(0);
  await world.look();
  expect(socket.take()).toEqual([event("STATS:1", "end")]);
  expect(world.monitor.count).toBe(1);
  world.base.manager.unload("dummy");
  await world.look();
  expect(socket.take()).toEqual([event("STATS:default.dummy", "end")]);
  await socket.hear(unsub("STATS:1"));
  expect(socket.take()).toEqual([success("STATS:1")]);
});

test("STREAM: text that is cut anywhere stays whole, bytes come besides, a gap and the end are told", async () => {
  await using world = new ChannelWorld();
  world.base.load({ redirectOutput: ["out", "err"], customStreams: ["ctl"] });
  const [out, err, ctl] = ["out", "err", "ctl"].map((stream) => world.out(stream));
  const socket = world.channel();
  for (const topic of ["STREAM:1", "STREAM:1.err", "STREAM:1.ctl"]) await socket.hear(sub(topic));
  socket.take();
  out?.write(Buffer.from([0x61, 0xc3]));
  await socket.settle();
  out?.write(Buffer.from([0xa9]));
  err?.write(Buffer.from("no"));
  ctl?.write(Buffer.from([0xff]));
  await socket.settle();
  expect(socket.take()).toEqual([
    streamEvent("STREAM:1", "out", { data: "a" }),
    streamEvent("STREAM:1", "out", { data: "é" }),
    streamEvent("STREAM:1.err", "err", { data: "no" }),
    streamEvent("STREAM:1.ctl", "READ", { data: "\ufffd", base64: "/w==" }),
  ]);
  socket.room = 0;
  for (let round = 0; round < 400; round++) out?.write(Buffer.alloc(1024, 0x78));
  await socket.drain();
  const told = socket.takeEvents();
  expect(told.map(({ event: kind }) => kind)).toEqual(["out", "out", "gap"]);
  const got = told.reduce((sum, { data: text = "" }) => sum + String(text).length, 0);
  expect(got + Number(told[2]?.["missed"])).toBe(400 * 1024);
  out?.write(Buffer.from([0xe2, 0x82]));
  out?.end();
  await socket.settle();
  expect(socket.take()).toEqual([
    streamEvent("STREAM:1", "out", { data: "\ufffd", base64: "4oI=" }),
    streamEvent("STREAM:1", "end", { reason: "it was closed" }),
  ]);
  world.base.at(1).end(3);
  await socket.settle();
  expect(socket.take()).toEqual([
    streamEvent("STREAM:1.err", "end", { reason: "exited with code 3" }),
    streamEvent("STREAM:1.ctl", "end", { reason: "exited with code 3" }),
  ]);
});

test("one socket listens to no more topics than a bound", async () => {
  await using world = new ChannelWorld();
  const socket = world.channel();
  for (let at = 0; at < 1024; at++) await socket.hear(sub(`JOB:j${at}`));
  socket.take();
  await socket.hear(sub("EVENTS"));
  expect(socket.take()).toEqual([refused("EVENTS", "bad_request")]);
});

test("stats of a process whose leader is dead are none: its number may be another's by now", async () => {
  await using world = new ChannelWorld();
  world.base.load({ numprocesses: 2 });
  world.base.at(1).exit(1, true);
  const socket = world.channel();
  await socket.hear(cmd("process_stats", [1]));
  await socket.hear(cmd("stats", ["dummy"]));
  expect(socket.take()).toMatchObject([
    failure(404, "not_found"),
    { data: { result: { stats: { stats: [{ pid: 2 }] } } } },
  ]);
  await socket.hear(sub("STATS:1"));
  expect(socket.take()).toEqual([refused("STATS:1", "not_found")]);
});
