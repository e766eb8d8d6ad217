import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { type JobRequest, Server } from "../../src/lib.ts";
import { ChannelClient } from "../support/channel-client.ts";
import { runGaffer } from "../support/gaffer-run.ts";
import { PythonWebSocket } from "../support/python-websocket.ts";
import { RunningDaemon } from "../support/running-daemon.ts";
import { TestWebSocket } from "../support/test-websocket.ts";

setDefaultTimeout(30_000);

const echo = (name: string): JobRequest => ({ name, cmd: "cat", redirect_input: true, env: { SECRET: "of the job" } });

describe("websockets where a key is needed", () => {
  let daemon: RunningDaemon;
  let admin: Server;
  let pid = 0;
  beforeAll(async () => {
    daemon = await RunningDaemon.start({ args: ["--require-key"] });
    const make = ["daemon", "--create-admin-user", "--username", "root", "--state-dir", daemon.dir.file("state")];
    const input = "a long password\n";
    const { code, stderr } = await runGaffer([...make, "--password-file", "-"], { cwd: daemon.dir.path, input });
    expect([code, stderr]).toEqual([0, ""]);
    admin = new Server(`http://${daemon.host}`);
    await admin.authenticate("root", "a long password");
    await admin.load(echo("s.a"), { wait: 20 });
    await admin.load(echo("t.b"), { wait: 20 });
    [pid = 0] = await admin.job("s.a").pids();
  });
  afterAll(() => daemon[Symbol.asyncDispose]());

  const keyOf = async (permissions: object): Promise<{ readonly id: string; readonly key: string }> => {
    const made = await admin.keys.create({ permissions });
    return { id: made.key, key: made.api_key };
  };
  const channel = (headers: Readonly<Record<string, string>> = {}): Promise<ChannelClient> =>
    new ChannelClient(`ws://${daemon.host}/channel/websocket`, headers).opened();
  const open = async (key: string, query: string): Promise<TestWebSocket> => {
    const socket = await new TestWebSocket(`ws://${daemon.host}/${pid}/channel${query}`).opened();
    socket.socket.send(`AUTH:${key}`);
    return socket;
  };
  /** What a refused one must not change. */
  const state = async (): Promise<string> => JSON.stringify([await admin.jobs(), await admin.pids()]);

  test("before a key is shown nothing is served, and a wrong one closes", async () => {
    const before = await state();
    const unload = { event: "CMD", data: { identity: 1, name: "unload", args: ["s.a"] } };
    for (const first of [unload, { event: "SUB", data: { topic: "EVENTS" } }, "AUTH:wrong", "AUTH:"]) {
      using client = await channel();
      client.say(first);
      client.say(unload);
      expect(await client.ended()).toEqual([1008, "a key is needed"]);
      expect(client.replies).toMatchObject([{ kind: "error", data: { error: "AUTH_REQUIRED" } }]);
    }
    using wrong = await channel({ "X-Api-Key": "wrong" });
    wrong.say(unload);
    expect(await wrong.ended()).toEqual([1008, "a key is needed"]);
    expect(await state()).toBe(before);
  });

  test("a key by header or by message may what it may, and no more", async () => {
    const { key } = await keyOf({ read: ["s"] });
    using byHeader = await channel({ "X-Api-Key": key });
    using byToken = await channel({ Authorization: `Bearer ${key}` });
    using byMessage = await channel();
    byMessage.say(`AUTH:${key}`);
    const before = await state();
    for (const client of [byHeader, byToken, byMessage]) {
      const info = await client.command("info", ["s.a"]);
      expect(info).toMatchObject({ kind: "result", result: { info: { config: { env: { SECRET: "***" } } } } });
      for (const [name, ...args] of [["unload", "s.a"], ["info", "t.b"], ["jobs"], ["send", pid, "x"], ["shutdown"]]) {
        expect(await client.command(String(name), args)).toMatchObject({
          kind: "failure",
          error: { errno: 403, reason: "forbidden" },
        });
      }
      expect(await client.subscribe("JOB:s.a")).toMatchObject({ kind: "subscribed" });
      expect(await client.subscribe("JOB:t.b")).toMatchObject({ kind: "refused", fault: { reason: "forbidden" } });
      expect(await client.subscribe("EVENTS")).toMatchObject({ kind: "refused", fault: { reason: "forbidden" } });
    }
    expect(await state()).toBe(before);
  });

  test("a key that is taken back closes what it has open, at once", async () => {
    const { id, key } = await keyOf({ manage: ["*"] });
    using client = await channel();
    client.say(`AUTH:${key}`);
    expect(await client.subscribe("EVENTS")).toMatchObject({ kind: "subscribed" });
    using io = await new TestWebSocket(`ws://${daemon.host}/${pid}/channel`).opened();
    io.socket.send(`AUTH:${key}`);
    io.socket.send("V1 message a\0line\n");
    await io.until((one) => one === "V1 response a\0OK", "an OK");
    await using old = new PythonWebSocket({ port: daemon.port, path: `/wstreams/${pid}` }, ["--key", key]);
    await old.said(/"open":true/);
    await admin.keys.delete(id);
    const end = [1008, "the key was taken back"] as const;
    expect([await client.ended(), await io.ended()]).toEqual([end, end]);
    expect(await old.ended()).toEqual({ close: end[0], reason: end[1] });
  });

  test("a process is read by who may read it, and written to by who may write", async () => {
    const reader = await keyOf({ read: ["s.a"] });
    const writer = await keyOf({ write: ["s.a"] });
    using refused = await open(reader.key, "?mode=2");
    expect(await refused.ended()).toEqual([1008, "refused"]);
    expect(refused.texts[0]).toContain('"FORBIDDEN"');
    using reading = await open(reader.key, "?mode=1");
    using writing = await open(writer.key, "?mode=2");
    writing.socket.send("V1 message w\0to be read\n");
    await writing.until((one) => one === "V1 response w\0OK", "an OK");
    await reading.until((one) => typeof one === "string" && one.endsWith("\0to be read\n"), "the line");
  });
});
