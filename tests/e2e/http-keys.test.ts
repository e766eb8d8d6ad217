import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, statSync } from "node:fs";
import { EventReader } from "../support/event-reader.ts";
import { type GafferEnd, runGaffer } from "../support/gaffer-run.ts";
import { type Answer, RunningDaemon } from "../support/running-daemon.ts";

setDefaultTimeout(40_000);

const PASSWORD = "a long password";

/** A daemon whose every endpoint asks for a key, and its administrator. */
class KeyedDaemon implements AsyncDisposable {
  readonly daemon: RunningDaemon;
  readonly admin: string;

  private constructor(daemon: RunningDaemon, admin: string) {
    this.daemon = daemon;
    this.admin = admin;
  }

  static async start(): Promise<KeyedDaemon> {
    const daemon = await RunningDaemon.start({ args: ["--require-key"] });
    const made = await runGaffer(
      [
        "daemon",
        "--create-admin-user",
        "--username",
        "Root",
        "--password-file",
        "-",
        "--state-dir",
        daemon.dir.file("state"),
      ],
      { cwd: daemon.dir.path, input: `${PASSWORD}\n` },
    );
    const [, admin = ""] = /^username: root\nkey: ([0-9a-f]{64})\n$/.exec(made.stdout) ?? [];
    return new KeyedDaemon(daemon, admin);
  }

  /** Sends a request with a key, or without. */
  send(line: string, { key, body }: { readonly key?: string; readonly body?: unknown } = {}): Promise<Answer> {
    return this.daemon.request(line, body, key === undefined ? {} : { headers: { "x-api-key": key } });
  }

  asAdmin(line: string, body?: unknown): Promise<Answer> {
    return this.send(line, { key: this.admin, body });
  }

  /** Makes a key that may do this. */
  async keyFor(permissions: object, label = ""): Promise<{ readonly key: string; readonly id: string }> {
    const { json } = await this.asAdmin("POST /keys", { permissions, label });
    const { api_key: key, key: id }: { api_key?: string; key?: string } = Object(json);
    return { key: key ?? "", id: id ?? "" };
  }

  /** All that a refused request must leave as it is. */
  async state(): Promise<string> {
    const paths = ["/jobs?full=1", "/pids", "/keys?include_keys=1", "/users?include_user=1", "/webhooks"];
    const answers = await Promise.all(paths.map(async (path) => (await this.asAdmin(`GET ${path}`)).json));
    return JSON.stringify(answers, (name, value: unknown) => (name === "uptime" ? undefined : value));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemon[Symbol.asyncDispose]();
  }
}

/** What is asked for, and what the key needs for it: a permission, and on what. */
const asked: readonly (readonly [line: string, body: unknown, permission: string, target: string])[] = [
  ["GET /sessions", undefined, "manage", "*"],
  ["GET /jobs", undefined, "manage", "*"],
  ["GET /pids", undefined, "manage", "*"],
  ["GET /jobs/s", undefined, "manage", "s"],
  ["POST /jobs/s", { name: "new", cmd: "sleep 1000" }, "manage", "s"],
  ["GET /jobs/s/a", undefined, "read", "s.a"],
  ["GET /jobs/s/a/stats", undefined, "read", "s.a"],
  ["GET /jobs/s/a/numprocesses", undefined, "read", "s.a"],
  ["GET /jobs/s/a/pids", undefined, "read", "s.a"],
  ["GET /jobs/s/a/state", undefined, "read", "s.a"],
  ["GET /jobs/s/a/logs", undefined, "read", "s.a"],
  ["GET /logs", undefined, "read", "*"],
  ["GET /1", undefined, "read", "s.a"],
  ["GET /1/stats", undefined, "read", "s.a"],
  ["POST /streams/1/stdin", "words", "write", "s.a"],
  ["PUT /jobs/s/a", { cmd: "sleep 2000" }, "manage", "s.a"],
  ["POST /jobs/s/a/numprocesses", { scale: "+1" }, "manage", "s.a"],
  ["POST /jobs/s/a/signal", { signal: "HUP" }, "manage", "s.a"],
  ["POST /jobs/s/a/state", "2", "manage", "s.a"],
  ["POST /jobs/s/a/commit", {}, "manage", "s"],
  ["POST /1/signal", { signal: "HUP" }, "manage", "s.a"],
  ["DELETE /1", undefined, "manage", "s.a"],
  ["DELETE /jobs/s/a", undefined, "manage", "s.a"],
  ["PUT /sessions/s", { jobs: [] }, "manage", "s"],
  ["DELETE /sessions/s", undefined, "manage", "s"],
  ["GET /webhooks", undefined, "manage", "*"],
  ["POST /webhooks", { event: ".", url: "http://127.0.0.1:9/" }, "manage", "*"],
  ["GET /plugins", undefined, "manage", "*"],
  ["POST /shutdown", undefined, "manage", "*"],
  ["GET /processes", undefined, "manage", "*"],
  ["GET /processes/s:a", undefined, "read", "s.a"],
  ["POST /processes", { name: "s:new", cmd: "sleep 1000" }, "manage", "s"],
  ["POST /processes/s:a/_stop", undefined, "manage", "s.a"],
  ["POST /processes/s:a/_add/1", undefined, "manage", "s.a"],
  ["DELETE /processes/s:a", undefined, "manage", "s.a"],
  ["GET /status/s:a", undefined, "read", "s.a"],
  ["POST /groups/s/_stop", undefined, "manage", "s"],
  ["DELETE /groups/s", undefined, "manage", "s"],
  ["GET /keys", undefined, "admin", ""],
  ["POST /keys", { permissions: {} }, "create_key", ""],
  ["POST /keys", { permissions: { admin: true } }, "admin", ""],
  ["GET /users", undefined, "admin", ""],
  ["POST /users", { username: "new", password: "new" }, "create_user", ""],
  ["POST /users", { username: "new", password: "new", user_type: 0 }, "admin", ""],
  ["GET /users/root", undefined, "admin", ""],
  ["PUT /users/root", { password: "mine" }, "admin", ""],
  ["PUT /users/root/password", { password: "mine" }, "admin", ""],
  ["DELETE /users/root", undefined, "admin", ""],
];

/** Every key that is tried: what it allows. */
const grants: readonly Readonly<Record<string, unknown>>[] = [
  {},
  { manage: ["t"], write: ["t"], read: ["t.a", "s-a", "S.a"] },
  { read: ["s.a"] },
  { read: ["s"] },
  { write: ["s.a"] },
  { manage: ["s.a"] },
  { manage: ["s"] },
  { read: ["*"] },
  { write: ["*"] },
  { manage: ["*"] },
  { create_key: true },
  { create_user: true },
];

const ranks: Readonly<Record<string, readonly string[]>> = {
  read: ["read", "write", "manage"],
  write: ["write", "manage"],
  manage: ["manage"],
};

/** Whether a key of these grants may do what needs that: worked out by itself, not by the code that is tried. */
function may(given: Readonly<Record<string, unknown>>, permission: string, target: string): boolean {
  if (given[permission] === true) return true;
  const wanted = new Set(["*", target, target.split(".")[0]]);
  return (ranks[permission] ?? []).some((list) => {
    const held: unknown = given[list];
    return Array.isArray(held) && held.some((one: unknown) => typeof one === "string" && wanted.has(one));
  });
}

describe("a daemon that asks for keys", () => {
  let keyed: KeyedDaemon;
  beforeAll(async () => {
    keyed = await KeyedDaemon.start();
    const job = { cmd: "sleep 1000", env: { TOKEN: "sesame" }, redirect_input: true };
    for (const name of ["s", "t"]) await keyed.asAdmin(`POST /jobs/${name}?wait=10`, { name: "a", ...job });
  });
  afterAll(() => keyed[Symbol.asyncDispose]());

  test("serves nobody without one, nor with a wrong one, and nothing happens", async () => {
    const before = await keyed.state();
    for (const [line, body] of asked) {
      const without = await keyed.send(line, { body });
      expect([line, without.status, without.json]).toEqual([
        line,
        401,
        expect.objectContaining({ code: "unauthorized" }),
      ]);
      const wrong = await keyed.send(line, { body, key: "0".repeat(64) });
      expect([line, wrong.status, wrong.json]).toEqual([line, 403, expect.objectContaining({ code: "forbidden" })]);
      const basic = await keyed.daemon.request(line, body, {
        headers: { authorization: `Basic ${btoa(`root:${PASSWORD}`)}` },
      });
      expect([line, basic.status]).toEqual([line, 401]);
    }
    expect((await keyed.send("GET /no/such/path")).status).toBe(401);
    expect(await keyed.state()).toBe(before);
  });

  test("greets everybody, and answers OPTIONS without one", async () => {
    for (const path of ["/", "/ping", "/version"]) expect((await keyed.send(`GET ${path}`)).status).toBe(200);
    expect((await keyed.send("OPTIONS /jobs")).status).toBe(204);
  });

  test.each(grants)("lets a key with %j do that and nothing else", async (permissions) => {
    const { key, id } = await keyed.keyFor(permissions);
    const before = await keyed.state();
    for (const [line, body, permission, target] of asked) {
      if (may(permissions, permission, target)) continue;
      const answer = await keyed.send(line, { key, body });
      expect([line, answer.status, answer.json]).toEqual([line, 403, expect.objectContaining({ code: "forbidden" })]);
      expect(answer.text).not.toContain(key);
    }
    expect(await keyed.state()).toBe(before);
    for (const [line, , permission, target] of asked) {
      if (!line.startsWith("GET ") || !may(permissions, permission, target)) continue;
      expect([line, (await keyed.send(line, { key })).status]).toEqual([line, 200]);
    }
    await keyed.asAdmin(`DELETE /keys/${id}`);
  });

  test("takes a bearer token, too", async () => {
    const answer = await keyed.daemon.request("GET /jobs", undefined, {
      headers: { authorization: `Bearer ${keyed.admin}` },
    });
    expect(answer.status).toBe(200);
  });

  test("shows variables to who may manage the job, and to nobody else", async () => {
    const [reader, manager] = [await keyed.keyFor({ read: ["s"] }), await keyed.keyFor({ manage: ["s.a"] })];
    for (const path of ["/jobs/s/a", "/1", "/processes/s:a"]) {
      expect([path, (await keyed.send(`GET ${path}`, reader)).text.includes("sesame")]).toEqual([path, false]);
      expect([path, (await keyed.send(`GET ${path}`, manager)).text.includes("sesame")]).toEqual([path, true]);
    }
    expect((await keyed.send("GET /jobs/s/a", reader)).text).toContain('"TOKEN":"***"');
  });

  test("a key that is taken back opens nothing, and what it had opened ends, with that of its children", async () => {
    const parent = await keyed.keyFor({ create_key: true, manage: ["*"] });
    const made = await keyed.send("POST /keys", { key: parent.key, body: { permissions: { read: ["s"] } } });
    const child = String(made.headers.get("x-api-key"));
    expect(made.headers.get("location")).toBe(`/keys/${String(Object(made.json).key)}`);
    const feed = (key: string, path: string): Promise<EventReader> =>
      EventReader.open((signal) =>
        keyed.daemon.fetch(path, { signal, headers: { "x-api-key": key, accept: "text/event-stream" } }),
      );
    const feeds = [
      await feed(parent.key, "/events"),
      await feed(parent.key, "/watch?feed=eventsource"),
      await feed(child, "/jobs/s/a/logs?follow=1"),
      await feed(child, "/streams/1/stdout?feed=eventsource"),
      await feed(child, "/stats/s:a?feed=eventsource"),
    ];
    const gone = await keyed.asAdmin(`DELETE /keys/${parent.id}`);
    expect(gone.json).toMatchObject({ ok: true, keys: [parent.id, String(Object(made.json).key)] });
    for (const reader of feeds) await reader.until(({ ended }) => ended);
    for (const key of [parent.key, child]) expect((await keyed.send("GET /jobs/s/a", { key })).status).toBe(403);
    for (const reader of feeds) await reader[Symbol.asyncDispose]();
  });

  test("users log in by name and password, and get a key of their own", async () => {
    const own = await keyed.keyFor({ read: ["s"] }, "ann's");
    await keyed.asAdmin("POST /users", { username: "Ann", password: "words", key: own.key, team: "x" });
    const basic = (password: string): Promise<Answer> =>
      keyed.daemon.request("GET /auth", undefined, { headers: { authorization: `Basic ${btoa(`ann:${password}`)}` } });
    const [good, bad] = [await basic("words"), await basic("word")];
    const key = good.headers.get("x-api-key") ?? "";
    expect([good.status, Object(good.json).api_key, bad.status, bad.headers.get("x-api-key")]).toEqual([
      200,
      key,
      401,
      null,
    ]);
    expect((await keyed.send("GET /jobs/s/a", { key })).status).toBe(200);
    expect((await keyed.send("GET /jobs/t/a", { key })).status).toBe(403);
    const user = await keyed.send("GET /users/ann", { key });
    expect(user.json).toEqual({ username: "ann", user_type: 1, key: own.id, team: "x" });
    // Nobody makes himself an administrator.
    const rise = { password: "words", user_type: 0 };
    expect((await keyed.send("PUT /users/ann", { key, body: rise })).status).toBe(403);
    const root = (await keyed.asAdmin("GET /users/root")).json;
    expect((await keyed.send("PUT /users/ann/key", { key, body: { key: Object(root).key } })).status).toBe(403);
    expect((await keyed.send("PUT /users/ann/password", { key, body: { password: "better" } })).status).toBe(200);
    expect((await basic("words")).status).toBe(401);
    expect((await basic("better")).status).toBe(200);
    expect((await keyed.send("GET /jobs/s/a", { key })).status).toBe(403);
  });

  test("secrets are nowhere: not in the files, the log, or the answers", async () => {
    const { daemon, admin } = keyed;
    const [keys, users] = ["keys.db", "auth.db"].map((name) => `${daemon.dir.file("state")}/${name}`);
    for (const path of [keys ?? "", users ?? ""]) {
      expect(statSync(path).mode & 0o777).toBe(0o600);
      const bytes = readFileSync(path, "latin1");
      for (const secret of [admin, PASSWORD]) expect(bytes).not.toContain(secret);
    }
    expect(readFileSync(users ?? "", "latin1")).toContain("$argon2id$");
    expect(daemon.gaffer.stderr).not.toContain(admin);
    expect(daemon.gaffer.stderr).not.toContain("ERROR");
    for (const path of ["/keys?include_keys=1", "/users?include_user=1"]) {
      const { text } = await keyed.asAdmin(`GET ${path}`);
      expect([text.includes(admin), text.includes("argon2")]).toEqual([false, false]);
    }
  });

  test("the commands: login, key, user", async () => {
    const { daemon } = keyed;
    const env = { GAFFER_CONFIG: daemon.dir.file("my.ini") };
    const run = (args: readonly string[], input?: string): Promise<GafferEnd> =>
      runGaffer(args, {
        cwd: daemon.dir.path,
        endpoint: `http://${daemon.host}`,
        env,
        ...(input === undefined ? {} : { input }),
      });
    expect((await run(["ctl", "jobs"])).code).toBe(1);
    expect((await run(["login", "-u", "root"])).stderr).toContain("--password-file");
    expect((await run(["login", "-u", "root", "--password-file", "-"], "wrong\n")).code).toBe(1);
    expect(await run(["login", "-u", "root", "--password-file", "-"], `${PASSWORD}\n`)).toMatchObject({ code: 0 });
    expect(statSync(env.GAFFER_CONFIG).mode & 0o777).toBe(0o600);
    expect((await run(["ctl", "jobs"])).stdout).toContain("s.a");
    const made = await run(["key:create", "shop+rm", "shop2.web+w", "+k", "--label", "deploy", "--json"]);
    const { key, api_key: secret }: { key?: string; api_key?: string } = JSON.parse(made.stdout);
    const list = await run(["ctl", "key", "list"]);
    expect(list.stdout).toContain("deploy");
    expect(list.stdout).not.toContain(secret ?? "none");
    const shown = await run(["ctl", "key", "show", key ?? "", "--json"]);
    expect(JSON.parse(shown.stdout)).toMatchObject({
      label: "deploy",
      permissions: { create_key: true, manage: ["shop"], write: ["shop2.web"], read: ["shop"] },
    });
    expect(await run(["ctl", "key", "show", secret ?? ""])).toMatchObject({ code: 2 });
    expect((await run(["ctl", "key", "create", "shop+x"])).code).toBe(2);
    expect((await run(["user:add", "bob", "--password-file", "-"], "pw\n")).stdout).toBe("user bob added\n");
    expect(await run(["user:add", "bob", "--password-file", "-"], "pw\n")).toMatchObject({ code: 1 });
    expect((await run(["user:setkey", "bob", "--key-file", "-"], `${secret}\n`)).code).toBe(0);
    expect((await run(["user", "bob"])).stdout).toContain(key ?? "none");
    expect((await run(["user:setpassword", "bob", "--password-file", "-"], "pw2\n")).code).toBe(0);
    expect((await run(["user:del", "bob"])).code).toBe(0);
    expect(await run(["ctl", "user", "show", "bob"])).toMatchObject({ code: 1 });
    expect((await run(["key:delete", key ?? ""])).stdout).toBe(`key ${key} taken back\n`);
    const admins = await run(["daemon", "--list-admins", "--state-dir", daemon.dir.file("state")]);
    expect(admins.stdout).toMatch(/^root - [0-9a-f]{16}\n$/);
  });
});

test("where no endpoint asks for keys there are none to administer", async () => {
  await using daemon = await RunningDaemon.start();
  for (const line of ["GET /auth", "GET /keys", "POST /keys", "GET /users", "DELETE /users/x"]) {
    const answer = await daemon.request(line, line.startsWith("POST") ? {} : undefined, {
      headers: { authorization: `Basic ${btoa("a:b")}` },
    });
    expect([line, answer.status, answer.json]).toEqual([line, 404, expect.objectContaining({ code: "access_off" })]);
  }
});

test("beyond loopback a key is what is needed, and enough", async () => {
  await using daemon = await RunningDaemon.start({ tcp: "0.0.0.0:0", args: ["--require-key"] });
  const answer = await fetch(`http://127.0.0.1:${daemon.port}/jobs`, { headers: { host: "gaffer.example" } });
  expect(answer.status).toBe(401);
});
