import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Grants } from "../../src/access/grants.ts";
import { KeyedDaemon } from "../support/keyed-daemon.ts";

setDefaultTimeout(30_000);

/** What a request needs: to read, write to, manage the job s.a; to manage session s; to read or to manage everything; to administer; to make keys, users. */
type Need = "read" | "read all" | "write" | "job" | "session" | "all" | "admin" | "key" | "user";

/** One request of each operation, well-formed, and what it needs; `PID` is the process of s.a. */
const requests: readonly (readonly [need: Need, line: string, body?: unknown])[] = [
  ["all", "GET /events"],
  ["read", "GET /events?pattern=job.s.a"],
  ["read", "GET /jobs/s/a/logs"],
  ["read all", "GET /logs"],
  ["read", "GET /logs?job=s.a"],
  ["all", "GET /processes"],
  ["all", "GET /processes?running=1"],
  ["session", "POST /processes", { name: "s:evil", cmd: "sleep 1000" }],
  ["read", "GET /processes/s:a"],
  ["job", "PUT /processes/s:a", { cmd: "sleep 999" }],
  ["job", "DELETE /processes/s:a"],
  ["read", "GET /processes/s:a/_pids"],
  ["job", "POST /processes/s:a/_start"],
  ["job", "POST /processes/s:a/_stop"],
  ["job", "POST /processes/s:a/_restart"],
  ["job", "POST /processes/s:a/_add"],
  ["job", "POST /processes/s:a/_add/2"],
  ["job", "POST /processes/s:a/_sub"],
  ["job", "POST /processes/s:a/_sub/1"],
  ["job", "POST /processes/s:a/_signal/15"],
  ["read", "GET /status/s:a"],
  ["read", "GET /processes/PID"],
  ["job", "DELETE /processes/PID"],
  ["job", "POST /processes/PID/_stop"],
  ["job", "POST /processes/PID/_signal/15"],
  ["all", "GET /groups"],
  ["session", "GET /groups/s"],
  ["session", "DELETE /groups/s"],
  ["session", "POST /groups/s/_start"],
  ["session", "POST /groups/s/_stop"],
  ["session", "POST /groups/s/_restart"],
  ["write", "POST /streams/PID/stdin", "x\n"],
  ["write", "POST /streams/PID/ttin", "x\n"],
  ["write", "POST /streams/PID/stdout", "x\n"],
  ["read", "GET /streams/PID/stdout?feed=eventsource"],
  ["read", "GET /streams/PID?feed=eventsource"],
  ["all", "GET /watch?feed=eventsource"],
  ["all", "GET /watch/start?feed=eventsource"],
  ["read", "GET /watch/job/s.a?feed=eventsource"],
  ["read", "GET /watch/job/s.a/exit?feed=eventsource"],
  ["read all", "GET /stats"],
  ["read", "GET /stats/PID"],
  ["read", "GET /stats/s:a"],
  ["read", "GET /stats/s:a/PID"],
  ["all", "GET /plugins"],
  ["all", "POST /shutdown"],
  ["all", "GET /sessions"],
  ["session", "PUT /sessions/s", { jobs: [] }],
  ["session", "DELETE /sessions/s"],
  ["all", "GET /jobs"],
  ["session", "GET /jobs/s"],
  ["session", "POST /jobs/s", { name: "evil", cmd: "sleep 1000" }],
  ["read", "GET /jobs/s/a"],
  ["job", "PUT /jobs/s/a", { cmd: "sleep 999" }],
  ["job", "DELETE /jobs/s/a"],
  ["read", "GET /jobs/s/a/stats"],
  ["read", "GET /jobs/s/a/numprocesses"],
  ["job", "POST /jobs/s/a/numprocesses", { scale: "+1" }],
  ["read", "GET /jobs/s/a/pids"],
  ["job", "POST /jobs/s/a/signal", { signal: "TERM" }],
  ["read", "GET /jobs/s/a/state"],
  ["job", "POST /jobs/s/a/state", "0"],
  ["session", "POST /jobs/s/a/commit", {}],
  ["all", "GET /pids"],
  ["read", "GET /PID"],
  ["job", "DELETE /PID"],
  ["job", "POST /PID/signal", { signal: 15 }],
  ["read", "GET /PID/stats"],
  ["all", "GET /webhooks"],
  ["all", "POST /webhooks", { event: ".", url: "http://127.0.0.1:9/" }],
  ["all", "DELETE /webhooks?event=.&url=http%3A%2F%2F127.0.0.1%3A9%2F"],
  ["admin", "GET /keys"],
  ["key", "POST /keys", { permissions: { manage: ["*"] } }],
  ["key", "GET /keys/VICTIM"],
  ["key", "DELETE /keys/VICTIM"],
  ["admin", "GET /users"],
  ["user", "POST /users", { username: "evil", password: "x" }],
  ["user", "GET /users/bob"],
  ["user", "PUT /users/bob", { password: "x" }],
  ["user", "DELETE /users/bob"],
  ["user", "PUT /users/bob/password", { password: "x" }],
  ["user", "PUT /users/bob/key", { key: "VICTIM" }],
];

/** Served to whoever shows a good key, and to whoever shows none. */
const open = ["GET /", "GET /ping", "GET /version", "GET /auth", "GET /channel", "GET /channel/websocket"];

const keys: Readonly<Record<string, readonly [grants: Grants, may: readonly Need[]]>> = {
  nothing: [{}, []],
  "another session": [{ manage: ["other", "other.a"], write: ["other"], read: ["other"] }, []],
  "a session that begins alike": [{ manage: ["ss", "s-a"], read: ["ss.a"] }, []],
  "another job of it": [{ manage: ["s.b"] }, []],
  "read job": [{ read: ["s.a"] }, ["read"]],
  "read session": [{ read: ["s"] }, ["read"]],
  "write job": [{ write: ["s.a"] }, ["read", "write"]],
  "manage job": [{ manage: ["s.a"] }, ["read", "write", "job"]],
  "manage session": [{ manage: ["s"] }, ["read", "write", "job", "session"]],
  "read *": [{ read: ["*"] }, ["read", "read all"]],
  "write *": [{ write: ["*"] }, ["read", "read all", "write"]],
  create_key: [{ create_key: true }, ["key"]],
  create_user: [{ create_user: true }, ["user"]],
  "manage *": [{ manage: ["*"] }, ["read", "read all", "write", "job", "session", "all"]],
};

describe("what each key may, at every route of both generations", () => {
  let at: KeyedDaemon;
  let pid = "";
  let victim = "";
  let before = "";
  beforeAll(async () => {
    at = await KeyedDaemon.start();
    const job = { cmd: "cat", redirect_input: true, env: { SECRET: "hush" } };
    expect((await at.as(at.admin, "POST /jobs/s?wait=20", { name: "a", ...job })).status).toBe(200);
    const victimKey = await at.key({ read: ["s"] }, { label: "victim" });
    victim = victimKey.id;
    const bob = { username: "bob", password: "bob's", key: victimKey.key };
    expect((await at.as(at.admin, "POST /users", bob)).status).toBe(200);
    const { json } = await at.as(at.admin, "GET /jobs/s/a/pids");
    pid = String(Object(json).pids[0]);
  });
  afterAll(() => at[Symbol.asyncDispose]());

  const filled = (text: string): string => text.replaceAll("PID", pid).replaceAll("VICTIM", victim);

  /** Status of a request, and the code where it is refused; what it goes on to say is not read. */
  async function ask(key: string | undefined, line: string, body?: unknown): Promise<string> {
    const [method = "", path = ""] = filled(line).split(" ");
    const text = body === undefined ? undefined : filled(typeof body === "string" ? body : JSON.stringify(body));
    const headers: Record<string, string> = key === undefined ? {} : { "x-api-key": key };
    const response = await at.daemon.fetch(path, { method, headers, ...(text === undefined ? {} : { body: text }) });
    if (response.ok) await response.body?.cancel();
    return response.ok ? "ok" : `${response.status} ${Object(await response.json()).code}`;
  }

  test("the table has every operation of the API's own document", async () => {
    const { json } = await at.as(at.admin, "GET /openapi.json");
    const templates = [...requests.map(([, line]) => line), ...open, "GET /openapi.json"].map((line) => {
      const [method = "", path = ""] = line.split("?", 1)[0]?.split(" ") ?? [];
      return [method.toLowerCase(), path] as const;
    });
    const uncovered = Object.entries(Object(json).paths).flatMap(([template, operations]) => {
      const pattern = new RegExp(`^${template.replaceAll(/\{(pid)\}/g, "PID").replaceAll(/\{\w+\}/g, "[^/]+")}$`);
      const methods = Object.keys(Object(operations));
      return methods
        .filter((method) => !templates.some(([one, path]) => one === method && pattern.test(path)))
        .map((method) => `${method} ${template}`);
    });
    // Plugin sites, which need no key, and websockets, which have their own tests.
    expect(uncovered).toEqual([
      "get /{pid}/channel",
      "get /{pid}/channel/{stream}",
      "get /wstreams/{pid}",
      "get /_plugin/{name}",
      "get /_plugin/{name}/{path}",
    ]);
  });

  test("without a key each is 401, with one that is none 403, and nothing happens", async () => {
    before = await at.state();
    for (const [, line, body] of requests) {
      expect([line, await ask(undefined, line, body)]).toEqual([line, "401 unauthorized"]);
      for (const none of ["0".repeat(64), victim, at.admin.slice(1), `${at.admin}0`, "x".repeat(5000)]) {
        expect([line, await ask(none, line, body)]).toEqual([line, "403 forbidden"]);
      }
    }
    for (const line of ["GET /nope", "PATCH /jobs", "POST /jobs", "GET /openapi.json", "HEAD /jobs", "TRACE /x"]) {
      expect([line, (await at.as(undefined, line)).status]).toEqual([line, 401]);
      expect([line, (await at.as("0".repeat(64), line)).status]).toEqual([line, 403]);
    }
    expect(await at.state()).toBe(before);
  });

  test("a key is taken from X-Api-Key, or as a bearer token, and from nowhere else", async () => {
    const status = async (headers: Record<string, string>, path = "/jobs"): Promise<number> =>
      (await at.daemon.request(`GET ${path}`, undefined, { headers })).status;
    expect(await status({ "X-API-KEY": ` ${at.admin} ` })).toBe(200);
    expect(await status({ authorization: `Bearer ${at.admin}` })).toBe(200);
    expect(await status({ authorization: `bearer  ${at.admin}` })).toBe(200);
    expect(await status({ authorization: at.admin })).toBe(401);
    expect(await status({ authorization: `Basic ${at.admin}` })).toBe(401);
    expect(await status({ cookie: `key=${at.admin}` })).toBe(401);
    expect(await status({}, `/jobs?api_key=${at.admin}`)).toBe(401);
    expect(await status({ "x-api-key": "" })).toBe(401);
    const refused = await at.daemon.request("GET /jobs");
    expect(refused.headers.get("www-authenticate")).toBe('Bearer realm="gaffer"');
    expect(refused.json).toEqual({
      error: "unauthorized",
      errno: 401,
      message: "Cannot serve a request without a key: send one as X-Api-Key",
      code: "unauthorized",
    });
  });

  test("what needs no key needs none, and OPTIONS tells the methods", async () => {
    for (const path of ["/", "/ping", "/version"]) {
      expect([path, (await at.as(undefined, `GET ${path}`)).status]).toEqual([path, 200]);
      expect([path, (await at.as("nobody's", `GET ${path}`)).status]).toEqual([path, 200]);
    }
    expect((await at.as(undefined, "OPTIONS /jobs/s")).status).toBe(204);
    const preflight = await at.daemon.request("OPTIONS /jobs/s", undefined, {
      headers: { origin: "https://ops.example", "access-control-request-method": "POST" },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("https://ops.example");
    expect(preflight.headers.get("access-control-allow-headers")).toContain("X-Api-Key");
    const evil = { headers: { origin: "https://evil.example", "x-api-key": at.admin } };
    expect((await at.daemon.request("GET /jobs", undefined, evil)).status).toBe(403);
    expect((await at.daemon.request("OPTIONS /jobs", undefined, evil)).status).toBe(403);
  });

  for (const [name, [grants, may]] of Object.entries(keys)) {
    test(`${name}: what it may not is 403 without any effect, what it may is served`, async () => {
      const { key } = await at.key(grants);
      before = await at.state();
      const unlike: unknown[] = [];
      for (const [need, line, body] of requests) {
        const isAllowed = may.includes(need);
        // What changes something is carried out by other tests.
        if (isAllowed && !line.startsWith("GET")) continue;
        const got = await ask(key, line, body);
        const expected = isAllowed ? "ok" : "403 forbidden";
        if (got !== expected) unlike.push([line, need, got]);
      }
      expect(unlike).toEqual([]);
      expect(await at.state()).toBe(before);
    });
  }

  test("values of the environment are *** unless the key may manage the job", async () => {
    const shown: unknown[] = [];
    for (const grants of [{ read: ["s"] }, { write: ["s.a"] }, { manage: ["s.a"] }] satisfies Grants[]) {
      const { key } = await at.key(grants);
      for (const path of ["/jobs/s/a", `/${pid}`, "/processes/s:a", `/processes/${pid}`]) {
        const { text } = await at.as(key, `GET ${path}`);
        const may = "manage" in grants;
        if (text.includes("hush") !== may || text.includes('"SECRET":"***"') === may) shown.push([path, text]);
      }
    }
    expect(shown).toEqual([]);
  });
});
