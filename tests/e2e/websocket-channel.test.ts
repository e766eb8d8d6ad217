import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { ChannelClient } from "../support/channel-client.ts";
import { PythonWebSocket } from "../support/python-websocket.ts";
import { RawWebSocket } from "../support/raw-websocket.ts";
import { RunningDaemon } from "../support/running-daemon.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(30_000);

/** Numbers of the events among what came. */
const seqs = (texts: readonly string[]): number[] =>
  texts.flatMap((text) => (text.includes('"gaffer:event"') ? [Number(JSON.parse(text).data.seq)] : []));

describe("/channel/websocket", () => {
  let daemon: RunningDaemon;
  beforeAll(async () => {
    daemon = await RunningDaemon.start();
  });
  afterAll(() => daemon[Symbol.asyncDispose]());
  const connect = (path = "/channel/websocket"): Promise<ChannelClient> =>
    new ChannelClient(`ws://${daemon.host}${path}`).opened();

  test("both paths speak it; a plain GET is told to upgrade, HEAD and OPTIONS are answered", async () => {
    for (const path of ["/channel/websocket", "/channel"]) {
      using client = await connect(path);
      expect(await client.command("sessions")).toMatchObject({ kind: "result", result: { sessions: [] } });
      const plain = await daemon.request(`GET ${path}`);
      expect([plain.status, plain.headers.get("upgrade")]).toEqual([426, "websocket"]);
      expect((await daemon.request(`HEAD ${path}`)).status).toBe(426);
      expect((await daemon.request(`OPTIONS ${path}`)).headers.get("allow")).toBe("GET, HEAD, OPTIONS");
      expect((await daemon.request(`POST ${path}`, "x")).status).toBe(405);
    }
  });

  test("a job's whole life by commands, seen by the topics", async () => {
    using client = await connect();
    using watcher = await connect();
    expect(await watcher.subscribe("EVENTS")).toEqual({ kind: "subscribed", topic: "EVENTS" });
    expect(await watcher.subscribe("JOB:Shop.Web")).toEqual({ kind: "subscribed", topic: "JOB:Shop.Web" });
    const config = { name: "Web", cmd: "sh -c 'echo up; exec sleep 1000'" };
    expect(await client.command("load", [config], { sessionid: "Shop" })).toMatchObject({ result: { ok: true } });
    const { pid } = await watcher.event("JOB:Shop.Web", "spawn");
    expect(await client.command("jobs")).toMatchObject({ result: { jobs: ["Shop.Web"] } });
    expect(await client.command("pids", ["Shop.Web"])).toMatchObject({ result: { pids: [pid] } });
    expect(await watcher.subscribe(`PROCESS:${String(pid)}`)).toMatchObject({ kind: "subscribed" });
    expect(await client.command("kill", [pid, "TERM"])).toMatchObject({ result: { ok: true } });
    expect(await watcher.event(`PROCESS:${String(pid)}`, "exit")).toMatchObject({ pid, term_signal: 15 });
    expect(await client.command("scale", ["Shop.Web", "=0"])).toMatchObject({ result: { numprocesses: 0 } });
    expect(await client.command("unload", ["Shop.Web"])).toMatchObject({ result: { ok: true } });
    await watcher.event("EVENTS", "unload");
    expect(watcher.kinds("EVENTS").slice(0, 3)).toEqual(["load", "start", "spawn"]);
    expect(await client.command("info", ["Shop.Web"])).toMatchObject({
      kind: "failure",
      error: { errno: 404, reason: "not_found", code: "job_not_found" },
    });
  });

  test("each of many commands is answered exactly once and in order", async () => {
    using client = await connect();
    const names = ["sessions", "jobs", "pids", "info", "nonsense", "stats", "process_info"];
    for (let at = 0; at < 500; at++) {
      client.say({ event: "CMD", data: { identity: at, name: names[at % names.length], args: [] } });
    }
    await waitFor(
      () => client.got.length >= 500,
      () => `${client.got.length} answers`,
    );
    const ids = client.replies.map((one) => (one.kind === "result" || one.kind === "failure" ? one.id : undefined));
    expect(ids).toEqual(Array.from({ length: 500 }, (_, at) => at));
  });

  test("STATS comes every tenth of a second while somebody listens, and ends with the process", async () => {
    using client = await connect();
    await client.command("load", [{ name: "burn", cmd: "sh -c 'while :; do :; done'", restart: "never" }]);
    const { result: pids } = { result: undefined, ...(await client.command("pids", ["burn"])) };
    const [pid = 0] = JSON.parse(JSON.stringify(pids)).pids;
    await daemon.until(`/${pid}`, /"active":true/);
    expect(await client.subscribe(`STATS:${pid}`)).toMatchObject({ kind: "subscribed" });
    expect(await client.subscribe("STATS:burn")).toMatchObject({ kind: "subscribed" });
    const stat = await client.event(`STATS:${pid}`, "stat");
    expect(stat).toMatchObject({
      event: "stat",
      name: "default.burn",
      pid,
      username: expect.any(String),
      children: [],
    });
    expect(stat["os_pid"]).toBeGreaterThan(1);
    expect(await client.event("STATS:burn", "stat")).toMatchObject({ pid });
    await waitFor(
      () => client.replies.some((one) => one.kind === "event" && Number(one.data["cpu"]) > 10),
      () => "a busy process",
    );
    await client.command("kill", [pid, "KILL"]);
    expect(await client.event(`STATS:${pid}`, "end")).toMatchObject({ reason: `process ${pid} has ended` });
    await client.command("unload", ["burn"]);
    expect(await client.event("STATS:burn", "end")).toMatchObject({ reason: 'job "default.burn" was unloaded' });
    expect(await client.subscribe(`STATS:${pid}`)).toMatchObject({ kind: "refused", fault: { errno: 404 } });
  });

  test("STREAM tells what a process says, whole to the last byte before its end", async () => {
    using client = await connect();
    const cmd = `sh -c 'read go; seq -f "é %g" 0 1999; printf last'`;
    const job = { name: "talk", cmd, redirect_input: true, restart: "never", redirect_output: ["out"] };
    await client.command("load", [job]);
    const answer = await client.command("pids", ["talk"]);
    const [pid = 0] = JSON.parse(JSON.stringify(answer)).result.pids;
    await daemon.until(`/${pid}`, /"active":true/);
    await client.subscribe(`STREAM:${pid}`);
    expect(await client.command("send", [pid, "go\n"])).toMatchObject({ result: { ok: true } });
    await client.event(`STREAM:${pid}`, "end");
    const said = client.replies.flatMap((one) =>
      one.kind === "event" && one.data["event"] === "out" ? [String(one.data["data"])] : [],
    );
    expect(said.join("")).toBe(`${Array.from({ length: 2000 }, (_, at) => `é ${at}\n`).join("")}last`);
    await client.command("unload", ["talk"]);
  });

  test("a Python client of the standard library alone can do it all", async () => {
    await using python = new PythonWebSocket({ port: daemon.port, path: "/channel/websocket" });
    await python.said(/"open":true/);
    python.send(JSON.stringify({ event: "SUB", data: { topic: "EVENTS" } }));
    await python.said(/"gaffer:subscription_success/);
    const data = { identity: "7", name: "load", args: [{ name: "py", cmd: "sleep 1000" }], kwargs: {} };
    python.send(JSON.stringify({ event: "CMD", data }));
    await python.said(/gaffer:command_success.*\\"id\\":\\"7\\"/);
    await python.said(/gaffer:event.*\\"event\\":\\"spawn\\"/);
    python.send("ping");
    await python.said(/"opcode":10.*are you there/);
    python.send(JSON.stringify({ event: "CMD", data: { identity: "8", name: "unload", args: ["py"] } }));
    await python.said(/gaffer:command_success.*\\"id\\":\\"8\\"/);
    python.send("close");
    expect(await python.ended()).toMatchObject({ close: 1000 });
  });

  test("pages of other origins, and names that are not ours, open no websocket and change nothing", async () => {
    const before = await daemon.state();
    for (const headers of [{ Origin: "http://evil.example" }, { Origin: "null" }]) {
      using client = new ChannelClient(`ws://${daemon.host}/channel/websocket`, headers);
      expect(await client.ended()).toEqual([1006, expect.any(String)]);
      const answer = await daemon.request("GET /channel/websocket", undefined, {
        headers: { ...headers, Upgrade: "websocket" },
      });
      expect(answer.status).toBe(403);
    }
    const rebound = { Host: "evil.example", Upgrade: "websocket" };
    expect((await daemon.request("GET /channel", undefined, { headers: rebound })).status).toBe(403);
    using own = await new ChannelClient(`ws://${daemon.host}/channel`, { Origin: `http://${daemon.host}` }).opened();
    expect(await own.command("sessions")).toMatchObject({ kind: "result" });
    expect(await daemon.state()).toBe(before);
  });
});

test("the end of the daemon is told to its sockets with 1001, after the events of the end", async () => {
  await using daemon = await RunningDaemon.start();
  using client = await new ChannelClient(`ws://${daemon.host}/channel/websocket`).opened();
  await client.subscribe("EVENTS");
  await client.command("load", [{ name: "a", cmd: "sleep 1000" }]);
  await client.event("EVENTS", "spawn");
  const [{ code }] = await Promise.all([daemon.stopped(), client.ended()]);
  expect([code, client.closed]).toEqual([0, [1001, "gaffer is stopping"]]);
  expect(client.kinds("EVENTS").slice(-1)).toEqual(["exit"]);
});

test("a command by websocket that ends the daemon is answered before it ends", async () => {
  await using daemon = await RunningDaemon.start();
  using client = await new ChannelClient(`ws://${daemon.host}/channel/websocket`).opened();
  expect(await client.command("shutdown")).toMatchObject({ kind: "result", result: { ok: true } });
  expect(await client.ended()).toEqual([1001, "gaffer is stopping"]);
  expect((await daemon.gaffer.ended()).code).toBe(0);
});

test("one who stops reading hurts nobody: the others hear at once, and he reads on where he stopped", async () => {
  await using daemon = await RunningDaemon.start();
  using stuck = await RawWebSocket.open(daemon.port, "/channel/websocket");
  stuck.say({ event: "SUB", data: { topic: "EVENTS" } });
  await waitFor(
    () => stuck.texts().length === 1,
    () => "the subscription",
  );
  stuck.connection.pause();
  using client = await new ChannelClient(`ws://${daemon.host}/channel/websocket`).opened();
  await client.subscribe("EVENTS");
  await client.command("load", [{ name: "a", cmd: "sleep 1", start: false, numprocesses: 0 }]);
  for (let round = 0; round < 4000; round++) {
    client.say({ event: "CMD", data: { identity: `s${round}`, name: "start_job", args: ["a"] } });
    client.say({ event: "CMD", data: { identity: `t${round}`, name: "stop_job", args: ["a"] } });
  }
  await client.find((one) => one.kind === "result" && one.id === "t3999");
  await waitFor(
    () => seqs(client.texts).length === 8001,
    () => `${seqs(client.texts).length} events`,
  );
  stuck.connection.resume();
  await waitFor(
    () => seqs(stuck.texts()).length === 8001,
    () => `${seqs(stuck.texts()).length} events`,
  );
  expect(seqs(stuck.texts())).toEqual(seqs(client.texts));
});
