import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type JobRequest, Server } from "../../src/lib.ts";
import { runGaffer } from "../support/gaffer-run.ts";
import { rejectedBy } from "../support/rejected-by.ts";
import { RunningDaemon } from "../support/running-daemon.ts";

const wait = 20;
const sleeper = (name: string): JobRequest => ({ name, cmd: "sleep 1000", env: { SECRET: "of the job" } });

describe("the SDK and keys", () => {
  let daemon: RunningDaemon;
  let admin: Server;
  const at = (apiKey?: string): Server => new Server(`http://${daemon.host}`, { apiKey });
  beforeAll(async () => {
    daemon = await RunningDaemon.start({ args: ["--require-key"] });
    const make = ["daemon", "--create-admin-user", "--username", "root", "--state-dir", daemon.dir.file("state")];
    const { code, stderr } = await runGaffer([...make, "--password-file", "-"], {
      cwd: daemon.dir.path,
      input: "a long password\n",
    });
    expect([code, stderr]).toEqual([0, ""]);
    admin = at();
    await admin.authenticate("root", "a long password");
    await admin.load(sleeper("s.a"), { wait });
    await admin.load(sleeper("t.b"), { wait });
  });
  afterAll(() => daemon[Symbol.asyncDispose]());

  test("who shows none is unauthorized, who shows a wrong one forbidden", async () => {
    await at().ping();
    expect(await rejectedBy(at().jobs())).toMatchObject({ code: "unauthorized" });
    expect(await rejectedBy(at("wrong").jobs())).toMatchObject({ code: "forbidden" });
    expect(await rejectedBy(at().authenticate("root", "wrong"))).toMatchObject({ code: "unauthorized" });
  });

  test("keys are made, told of and taken back; they may what they say", async () => {
    const made = await admin.keys.create({ label: "reader of s", permissions: { read: ["s"] } });
    const reader = at(made.api_key);
    expect(await reader.job("s.a").running()).toBe(1);
    expect((await reader.job("s.a").config())["env"]).toEqual({ SECRET: "***" });
    expect(await rejectedBy(reader.job("s.a").stop())).toMatchObject({ code: "forbidden" });
    expect(await rejectedBy(reader.job("t.b").info())).toMatchObject({ code: "forbidden" });
    expect(await rejectedBy(reader.keys.list())).toMatchObject({ code: "forbidden" });
    expect(await admin.keys.list()).toContain(made.key);
    expect(await admin.keys.get(made.key)).toMatchObject({ key: made.key, label: "reader of s" });
    expect((await admin.keys.infos()).map(({ label }) => label)).toContain("reader of s");
    expect(await admin.keys.delete(made.key)).toEqual([made.key]);
    expect(await rejectedBy(reader.job("s.a").info())).toMatchObject({ code: "forbidden" });
    expect(await rejectedBy(admin.keys.get(made.key))).toMatchObject({ code: "key_not_found" });
  });

  test("users are made, log in, change and go", async () => {
    const { users } = admin;
    const key = await admin.keys.create({ permissions: { manage: ["s"] } });
    await users.create({ username: "ann", password: "her password", key: key.key, team: "s" });
    expect(await rejectedBy(users.create({ username: "ann", password: "another one" }))).toBeTruthy();
    expect((await users.list()).toSorted()).toEqual(["ann", "root"]);
    expect(await users.get("ann")).toMatchObject({ username: "ann", user_type: 1, team: "s" });
    expect((await users.infos()).map(({ username }) => username)).toContain("ann");
    const ann = at();
    await ann.authenticate("ann", "her password");
    expect(await ann.job("s.a").active()).toBe(true);
    await users.setPassword("ann", "a new password");
    expect(await rejectedBy(at().authenticate("ann", "her password"))).toMatchObject({ code: "unauthorized" });
    await users.update("ann", { password: "the third one", team: "t" });
    expect(await users.get("ann")).toMatchObject({ team: "t" });
    const other = await admin.keys.create({ permissions: { read: ["t"] } });
    await users.setKey("ann", other.key);
    expect((await users.get("ann")).key).toBe(other.key);
    await users.delete("ann");
    expect(await users.list()).toEqual(["root"]);
  });

  test("a socket shows its key with the handshake, or later", async () => {
    const made = await admin.keys.create({ permissions: { read: ["s"], write: ["t.b"] } });
    await using early = await at(made.api_key).socket();
    expect(await early.sendCommand("numprocesses", "s.a")).toEqual({ numprocesses: 1 });
    expect(await rejectedBy(early.sendCommand("stop_job", "s.a"))).toMatchObject({ code: "forbidden" });
    expect(await rejectedBy(early.subscribe("EVENTS"))).toMatchObject({ code: "forbidden" });
    await early.subscribe("JOB:s.a");
    await using late = await at().socket();
    await late.authenticate(made.api_key);
    expect(await late.sendCommand("numprocesses", "s.a")).toEqual({ numprocesses: 1 });
    expect(await admin.job("s.a").active()).toBe(true);
    await admin.keys.delete(made.key);
    expect([(await early.closed).code, (await late.closed).code]).toEqual([1008, 1008]);
  });

  test("a socket with a wrong key is closed", async () => {
    const wrong = await at().socket();
    expect(await rejectedBy(wrong.authenticate("wrong"))).toMatchObject({ code: "forbidden" });
    expect((await wrong.closed).code).toBe(1008);
    for (const key of [undefined, "wrong"]) {
      const none = await at(key).socket();
      expect(await rejectedBy(none.sendCommand("jobs"))).toMatchObject({ code: "forbidden" });
      expect((await none.closed).code).toBe(1008);
    }
  });
});
