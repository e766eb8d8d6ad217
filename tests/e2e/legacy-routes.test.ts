import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { EventReader } from "../support/event-reader.ts";
import { KeyedDaemon } from "../support/keyed-daemon.ts";
import { RunningDaemon } from "../support/running-daemon.ts";

setDefaultTimeout(40_000);

/** Sleeps until it is told to end. */
const sleeper = (name: string, more: object = {}): object => ({ name, cmd: "sleep 1000", ...more });
/** Says which signals it hears. */
const listener = (name: string): object => ({
  name,
  shell: true,
  cmd: 'trap "echo HUP" HUP; trap "echo USR1" USR1; echo ready; while :; do sleep 0.01; done',
  redirect_output: ["out"],
});

/** In the document of the API, what a part names does not tell paths apart. */
const formOf = (path: string): string => path.replace(/\{\w+\}/g, "{}");

describe("the routes of gaffer 0.4", () => {
  let daemon: RunningDaemon;
  beforeAll(async () => {
    daemon = await RunningDaemon.start();
  });
  afterAll(() => daemon[Symbol.asyncDispose]());

  const ask = async (line: string, body?: unknown): Promise<[number, unknown]> => {
    const { status, json } = await daemon.request(line, body);
    return [status, json];
  };
  const pidsOf = async (name: string): Promise<number[]> => {
    const { text } = await daemon.request(`GET /processes/${name}/_pids`);
    return [...text.matchAll(/\d+/g)].map(([digits]) => Number(digits));
  };
  const runs = async (name: string, count: number): Promise<void> =>
    daemon.until(`/status/${name}`, new RegExp(`"running":${count},`));

  test("a process from its creation to its removal", async () => {
    expect(await ask("GET /processes")).toEqual([200, []]);
    expect(await ask("POST /processes", sleeper("life", { start: false }))).toMatchObject([200, { ok: true }]);
    expect(await ask("GET /processes")).toEqual([200, ["life"]]);
    expect(await ask("GET /processes?running=1")).toEqual([200, []]);
    expect(await ask("GET /status/life")).toEqual([
      200,
      { active: false, running: 0, max_processes: 1, numprocesses: 1 },
    ]);
    expect(await ask("POST /processes/life/_start")).toEqual([200, { ok: true }]);
    await runs("life", 1);
    const [pid] = await pidsOf("life");
    expect(await ask("GET /processes/life/_pids")).toEqual([200, { ok: true, pids: [pid] }]);
    expect(await ask("GET /processes?running=true")).toEqual([200, [pid]]);
    expect(await ask("GET /processes?running=0")).toEqual([200, ["life"]]);
    const [, settings] = await ask("GET /processes/life");
    expect(settings).toMatchObject({ name: "life", cmd: "sleep 1000", numprocesses: 1, start: false, env: {} });
    expect(await ask(`GET /processes/${pid}`)).toEqual([200, settings]);
    expect((await daemon.request("HEAD /processes/life")).status).toBe(200);
    expect((await daemon.request(`HEAD /processes/${pid}`)).status).toBe(200);
    expect(await ask("DELETE /processes/life?wait=10")).toMatchObject([200, { ok: true, running: 0 }]);
    expect((await daemon.request("HEAD /processes/life")).status).toBe(404);
    expect((await daemon.request(`HEAD /processes/${pid}`)).status).toBe(404);
    expect(await ask("GET /processes")).toEqual([200, []]);
  });

  test("it starts unless it says otherwise, stops, starts and restarts", async () => {
    await ask("POST /processes", sleeper("again"));
    await runs("again", 1);
    expect(await ask("POST /processes/again/_stop?wait=10")).toMatchObject([200, { ok: true, running: 0 }]);
    expect(await ask("GET /status/again")).toMatchObject([200, { active: false, running: 0 }]);
    expect(await ask("POST /processes/again/_start?wait=10")).toMatchObject([200, { ok: true, running: 1 }]);
    const before = await pidsOf("again");
    expect(await ask("POST /processes/again/_restart?wait=10")).toMatchObject([200, { ok: true, running: 1 }]);
    expect(await pidsOf("again")).not.toEqual(before);
    await ask("DELETE /processes/again?wait=10");
  });

  test("more and fewer of it, one where the path does not say", async () => {
    await ask("POST /processes", sleeper("many"));
    expect(await ask("POST /processes/many/_add/3")).toMatchObject([200, { ok: true, numprocesses: 4 }]);
    await runs("many", 4);
    expect(await ask("POST /processes/many/_add")).toMatchObject([200, { ok: true, numprocesses: 5 }]);
    expect(await ask("POST /processes/many/_sub/3")).toMatchObject([200, { ok: true, numprocesses: 2 }]);
    expect(await ask("POST /processes/many/_sub?wait=10")).toMatchObject([200, { ok: true, numprocesses: 1 }]);
    expect(await pidsOf("many")).toHaveLength(1);
    for (const path of ["_add/x", "_add/-1", "_sub/1.5", "_add/%2B1", "_sub/=3"]) {
      const before = await daemon.state();
      expect([path, await ask(`POST /processes/many/${path}`)]).toMatchObject([
        path,
        [400, { error: "bad_value", errno: 400, code: "bad_operation" }],
      ]);
      expect(await daemon.state()).toBe(before);
    }
    await ask("DELETE /processes/many?wait=10");
  });

  test("PUT gives it new settings, what GET gave among them", async () => {
    await ask("POST /processes", sleeper("put", { env: { A: "1" } }));
    await runs("put", 1);
    const [, settings] = await ask("GET /processes/put");
    const [before] = await pidsOf("put");
    expect(await ask("PUT /processes/put?wait=10", settings)).toMatchObject([200, { ok: true }]);
    expect(await pidsOf("put")).toEqual([before ?? 0]);
    expect(await ask("PUT /processes/put?wait=10", { cmd: "sleep 2000", numprocesses: 2 })).toMatchObject([
      200,
      { ok: true, running: 2 },
    ]);
    expect(await ask("GET /processes/put")).toMatchObject([200, { name: "put", cmd: "sleep 2000", env: {} }]);
    const refused = async (line: string, body: unknown, want: object): Promise<void> => {
      const state = await daemon.state();
      expect([line, await ask(line, body)]).toMatchObject([line, [Reflect.get(want, "errno"), want]]);
      expect(await daemon.state()).toBe(state);
    };
    await refused("PUT /processes/put", "{", { error: "invalid_json", errno: 400, code: "bad_request" });
    await refused("PUT /processes/put", {}, { error: "invalid_process_info", errno: 400, code: "job_invalid" });
    await refused("PUT /processes/put", { name: "other", cmd: "x" }, { error: "bad_request", errno: 400 });
    await refused("PUT /processes/none", { cmd: "x" }, { error: "not_found", errno: 404, code: "job_not_found" });
    await ask("DELETE /processes/put?wait=10");
  });

  test("what can't be created is refused, and nothing has changed", async () => {
    await ask("POST /processes", sleeper("twin", { start: false }));
    const before = await daemon.state();
    const cases: [unknown, object][] = [
      [sleeper("twin"), { error: "conflict", errno: 409, code: "job_exists" }],
      [sleeper("default.twin"), { error: "conflict", errno: 409 }],
      ["{", { error: "invalid_json", errno: 400 }],
      ["", { error: "invalid_json", errno: 400 }],
      [new Uint8Array([0x7b, 0xff, 0x7d]), { error: "invalid_json", errno: 400 }],
      ["[]", { error: "bad_request", errno: 400 }],
      [{ name: "x" }, { error: "invalid_process_info", errno: 400, code: "job_invalid" }],
      [{ cmd: "x" }, { error: "invalid_process_info", errno: 400 }],
      [
        { name: "12", cmd: "x" },
        { error: "invalid_process_info", errno: 400 },
      ],
      [
        { name: "x", cmd: "x", numproc: 2 },
        { error: "invalid_process_info", errno: 400 },
      ],
      [
        { name: "x", cmd: "x $NOBODY_HAS_THIS" },
        { error: "invalid_process_info", errno: 400 },
      ],
      ["x".repeat((1 << 20) + 1), { error: "too_large", errno: 413 }],
    ];
    for (const [body, want] of cases) {
      const { status, json } = await daemon.request("POST /processes", body);
      expect(json).toMatchObject(want);
      expect(json).toMatchObject({ message: expect.stringMatching(/^Cannot /), errno: status });
    }
    expect(await daemon.state()).toBe(before);
    await ask("DELETE /processes/twin");
  });

  test("names of all spellings lead to the same job", async () => {
    await ask("POST /processes", sleeper("grp:one"));
    await runs("grp:one", 1);
    const want = await pidsOf("grp:one");
    expect(want).toHaveLength(1);
    for (const name of ["grp.one", "grp%3Aone", "grp%2Fone"]) expect([name, await pidsOf(name)]).toEqual([name, want]);
    expect(await ask("GET /processes")).toEqual([200, ["grp:one"]]);
    expect(await ask("GET /jobs")).toEqual([200, { jobs: ["grp.one"] }]);
    expect(await ask("GET /processes/one")).toMatchObject([404, { error: "not_found", code: "job_not_found" }]);
    await ask("DELETE /processes/grp.one?wait=10");
  });

  test("what is not there gives 404, whatever is asked of it", async () => {
    const lines = [
      ...["GET", "DELETE", "HEAD"].map((method) => `${method} /processes/none`),
      ...["GET", "DELETE", "HEAD"].map((method) => `${method} /processes/999`),
      ...["_start", "_stop", "_restart", "_add", "_sub/2", "_signal/HUP"].map((act) => `POST /processes/none/${act}`),
      ...["_stop", "_signal/15", "_start"].map((action) => `POST /processes/999/${action}`),
      ...["/processes/none/_pids", "/processes/999/_pids", "/status/none", "/status/no%20name", "/groups/none"].map(
        (path) => `GET ${path}`,
      ),
      ...["_start", "_stop", "_restart"].map((action) => `POST /groups/none/${action}`),
      "DELETE /groups/none",
      ...["/stats/none", "/stats/999", "/stats/none/1", "/stats/0", "/streams/999/out", "/streams/999"].map(
        (path) => `GET ${path}`,
      ),
      "POST /streams/999/stdin",
    ];
    for (const line of lines) {
      const { status, json, text } = await daemon.request(line, line.startsWith("POST /streams") ? "x" : undefined);
      expect([line, status]).toEqual([line, 404]);
      if (line.startsWith("HEAD")) expect(text).toBe("");
      else expect([line, json]).toMatchObject([line, { error: "not_found", errno: 404 }]);
    }
  });

  test("an action that is none gives 404, a wrong method 405 with what there is", async () => {
    await ask("POST /processes", sleeper("act"));
    await runs("act", 1);
    const [pid] = await pidsOf("act");
    const before = await daemon.state();
    for (const path of [`act/_boo`, "act/start", "act/_start/1", `${pid}/_boo`, "act/_signal", "act/_pids/1"]) {
      for (const method of ["GET", "POST"]) {
        expect([path, await ask(`${method} /processes/${path}`)]).toMatchObject([
          path,
          [404, { error: "not_found", code: "route_not_found" }],
        ]);
      }
    }
    const allowed = {
      "/processes": "GET, POST, HEAD, OPTIONS",
      "/processes/act": "GET, PUT, DELETE, HEAD, OPTIONS",
      "/processes/act/_pids": "GET, HEAD, OPTIONS",
      "/processes/act/_start": "POST, OPTIONS",
      "/processes/act/_add": "POST, OPTIONS",
      "/processes/act/_signal/15": "POST, OPTIONS",
      "/status/act": "GET, HEAD, OPTIONS",
      "/groups": "GET, HEAD, OPTIONS",
      "/groups/default": "GET, DELETE, HEAD, OPTIONS",
      "/groups/default/_stop": "POST, OPTIONS",
      "/watch": "GET, HEAD, OPTIONS",
      "/watch/proc/act/exit": "GET, HEAD, OPTIONS",
      "/stats": "GET, HEAD, OPTIONS",
      "/stats/act/1": "GET, HEAD, OPTIONS",
      "/streams/1": "GET, HEAD, OPTIONS",
      "/streams/1/stdin": "GET, POST, HEAD, OPTIONS",
    };
    for (const [path, allow] of Object.entries(allowed)) {
      const options = await daemon.request(`OPTIONS ${path}`);
      expect([path, options.status, options.headers.get("allow")]).toEqual([path, 204, allow]);
      const patch = await daemon.request(`PATCH ${path}`, "{}");
      expect([path, patch.status, patch.headers.get("allow")]).toEqual([path, 405, allow]);
    }
    expect(await daemon.state()).toBe(before);
    await ask("DELETE /processes/act?wait=10");
  });

  test("HEAD answers as GET without a body, and leaves nobody listening", async () => {
    await ask("POST /processes", sleeper("head"));
    await runs("head", 1);
    const [pid] = await pidsOf("head");
    for (const path of ["/processes", "/processes/head", "/processes/head/_pids", "/status/head", "/groups"]) {
      const [got, head] = [await daemon.request(`GET ${path}`), await daemon.request(`HEAD ${path}`)];
      expect([path, head.status, head.text]).toEqual([path, got.status, ""]);
      expect([path, head.headers.get("content-length")]).toEqual([path, String(Buffer.byteLength(got.text))]);
    }
    const feeds = [
      "/watch",
      "/watch/exit?feed=eventsource",
      `/streams/${pid}`,
      "/stats",
      "/stats/head?feed=continuous",
    ];
    for (const path of feeds) {
      expect([path, (await daemon.request(`HEAD ${path}`)).status]).toEqual([path, 200]);
    }
    await ask("DELETE /processes/head?wait=10");
  });

  test("signals reach a job and a process, by name or number, and a bad one reaches nobody", async () => {
    await ask("POST /processes", listener("ears"));
    await daemon.until("/logs?job=ears", /ready/);
    const [pid] = await pidsOf("ears");
    expect(await ask("POST /processes/ears/_signal/HUP")).toEqual([200, { ok: true }]);
    await daemon.until("/logs?job=ears", /HUP/);
    expect(await ask(`POST /processes/${pid}/_signal/10`)).toEqual([200, { ok: true }]);
    await daemon.until("/logs?job=ears", /USR1/);
    const before = await daemon.state();
    for (const signal of ["NOPE", "0", "65", "1.5", "-1"]) {
      for (const target of ["ears", pid]) {
        expect([signal, await ask(`POST /processes/${target}/_signal/${signal}`)]).toMatchObject([
          signal,
          [400, { error: "bad_value", errno: 400, code: "bad_signal" }],
        ]);
      }
    }
    expect(await daemon.state()).toBe(before);
    await ask("DELETE /processes/ears?wait=10");
  });

  test("a process that is stopped by its number is replaced", async () => {
    await ask("POST /processes", sleeper("one"));
    await runs("one", 1);
    const [first] = await pidsOf("one");
    expect(await ask(`POST /processes/${first}/_stop?wait=10`)).toMatchObject([200, { ok: true, running: 1 }]);
    const [second] = await pidsOf("one");
    expect(second).not.toBe(first);
    expect(await ask(`DELETE /processes/${second}?wait=10`)).toMatchObject([200, { ok: true, running: 1 }]);
    expect(await pidsOf("one")).not.toContain(second);
    await ask("DELETE /processes/one?wait=10");
  });

  test("groups are sessions: listed, started in order of priority, stopped the other way round, restarted, removed", async () => {
    const names = { a: 2, b: 1, c: 3 };
    for (const [name, priority] of Object.entries(names)) {
      await ask("POST /processes", sleeper(`ga:${name}`, { start: false, priority }));
    }
    await ask("POST /processes", sleeper("gb:x", { start: false }));
    expect(await ask("GET /groups")).toEqual([200, ["ga", "gb"]]);
    expect(await ask("GET /groups/ga")).toEqual([200, ["ga:a", "ga:b", "ga:c"]]);
    /** Names in the events of a kind that an action makes. */
    const orderOf = async (kind: string, line: string, want: object): Promise<unknown[]> => {
      await using reader = await EventReader.open((signal) =>
        daemon.fetch(`/watch/${kind}?feed=eventsource`, { signal }),
      );
      expect(await ask(line)).toMatchObject([200, want]);
      await reader.until(({ events }) => events.length >= 3);
      return reader.events.map(({ data }) => Object(data).name);
    };
    const all = { ok: true, running: 3, wanted: 3 };
    expect(await orderOf("start", "POST /groups/ga/_start?wait=10", all)).toEqual(["ga:b", "ga:a", "ga:c"]);
    expect(await ask("GET /status/gb:x")).toMatchObject([200, { active: false, running: 0 }]);
    const before = new Set([await pidsOf("ga:a"), await pidsOf("ga:b"), await pidsOf("ga:c")].flat());
    expect(await ask("POST /groups/ga/_restart?wait=10")).toMatchObject([200, { ok: true, running: 3 }]);
    const after = [await pidsOf("ga:a"), await pidsOf("ga:b"), await pidsOf("ga:c")].flat();
    expect(after.filter((pid) => before.has(pid))).toEqual([]);
    const none = { ok: true, running: 0 };
    expect(await orderOf("stop", "POST /groups/ga/_stop?wait=10", none)).toEqual(["ga:c", "ga:a", "ga:b"]);
    expect(await ask("GET /groups/ga")).toEqual([200, ["ga:a", "ga:b", "ga:c"]]);
    expect(await ask("DELETE /groups/ga?wait=10")).toMatchObject([200, { ok: true }]);
    expect(await ask("GET /groups")).toEqual([200, ["gb"]]);
    expect(await ask("GET /processes")).toEqual([200, ["gb:x"]]);
    await ask("DELETE /groups/gb?wait=10");
  });

  test("every route stands in the document of the API", async () => {
    const { text } = await daemon.request("GET /openapi.json");
    const paths = new Set(Object.keys(Object(JSON.parse(text)).paths).map(formOf));
    const wanted = [
      ..."/processes /processes/{name} /processes/{pid} /processes/{name}/_pids /processes/{name}/_start".split(" "),
      ..."/processes/{name}/_stop /processes/{name}/_restart /processes/{name}/_add /processes/{name}/_add/{scale}".split(
        " ",
      ),
      ..."/processes/{name}/_sub /processes/{name}/_sub/{scale} /processes/{name}/_signal/{signal}".split(" "),
      ..."/processes/{pid}/_stop /processes/{pid}/_signal/{signal} /status/{name} /groups /groups/{session}".split(" "),
      ..."/groups/{session}/_start /groups/{session}/_stop /groups/{session}/_restart /watch /watch/{what}".split(" "),
      ..."/watch/{what}/{name} /watch/{what}/{name}/{event} /stats /stats/{name} /stats/{pid} /stats/{name}/{pid}".split(
        " ",
      ),
      ..."/streams/{pid} /streams/{pid}/{stream} /streams/{pid}/stdin /streams/{pid}/ttin".split(" "),
    ];
    expect(wanted.filter((path) => !paths.has(formOf(path)))).toEqual([]);
  });

  test("no bug was met", () => {
    expect(daemon.gaffer.stderr).not.toContain("ERROR");
  });
});

describe("the routes of gaffer 0.4, where keys are required", () => {
  let keyed: KeyedDaemon;
  beforeAll(async () => {
    keyed = await KeyedDaemon.start();
    const env = { SECRET: "hunter2" };
    for (const name of ["shop:web", "shop:db", "dummy"]) {
      await keyed.as(keyed.admin, "POST /processes?wait=10", sleeper(name, { env, redirect_input: true }));
    }
  });
  afterAll(() => keyed[Symbol.asyncDispose]());

  /** Each with what it needs: of the job shop.web, of its session, or of everything. */
  const routes: readonly (readonly [line: string, permission: "read" | "write" | "manage", target: string])[] = [
    ["GET /processes", "manage", "*"],
    ["GET /processes?running=1", "manage", "*"],
    ["GET /processes/shop:web", "read", "shop.web"],
    ["GET /processes/1", "read", "shop.web"],
    ["GET /processes/shop.web/_pids", "read", "shop.web"],
    ["GET /status/shop:web", "read", "shop.web"],
    ["GET /stats", "read", "*"],
    ["GET /stats/shop:web", "read", "shop.web"],
    ["GET /stats/1", "read", "shop.web"],
    ["GET /stats/shop:web/1?feed=longpoll", "read", "shop.web"],
    ["GET /stats?feed=longpoll", "read", "*"],
    ["GET /watch?since=0", "manage", "*"],
    ["GET /watch/create?since=0", "manage", "*"],
    ["GET /watch/proc?since=0", "manage", "*"],
    ["GET /watch/proc/shop:web?since=0", "read", "shop.web"],
    ["GET /watch/proc/shop:web/spawn?since=0", "read", "shop.web"],
    ["GET /watch/proc/1?since=0", "read", "shop.web"],
    ["GET /watch/spawn/shop/web?since=0", "read", "shop.web"],
    ["GET /groups", "manage", "*"],
    ["GET /groups/shop", "manage", "shop"],
    ["POST /streams/1/stdin", "write", "shop.web"],
    ["POST /processes/shop:web/_signal/WINCH", "manage", "shop.web"],
    ["POST /processes/1/_signal/WINCH", "manage", "shop.web"],
  ];

  test("each is for whoever has the right to what it names, and for no other", async () => {
    const ranks = ["read", "write", "manage"];
    for (const [line, permission, target] of routes) {
      const body = line.includes("stdin") ? "x" : undefined;
      const enough = (await keyed.key({ [permission]: [target] })).key;
      expect([line, (await keyed.as(enough, line, body)).status]).toEqual([line, 200]);
      const weaker = ranks[ranks.indexOf(permission) - 1];
      const narrower = target === "*" ? "shop" : target === "shop" ? "shop.web" : "shop.db";
      const few = [
        (await keyed.key({ manage: [narrower] })).key,
        (await keyed.key({})).key,
        ...(weaker === undefined ? [] : [(await keyed.key({ [weaker]: ["*"] })).key]),
      ];
      for (const key of few) {
        const { status, json } = await keyed.as(key, line, body);
        expect([line, status, json]).toMatchObject([line, 403, { error: "forbidden", errno: 403 }]);
      }
      expect([line, (await keyed.daemon.request(line, body)).status]).toEqual([line, 401]);
    }
  });

  test("who may only read changes nothing, and sees no values of variables", async () => {
    const reader = (await keyed.key({ read: ["*"], write: ["*"] })).key;
    const before = await keyed.state();
    const lines = [
      ...["_start", "_stop", "_restart", "_add", "_sub/1", "_signal/15"].map(
        (act) => `POST /processes/shop:web/${act}`,
      ),
      ...["_start", "_stop", "_restart"].map((action) => `POST /groups/shop/${action}`),
      "DELETE /groups/shop",
      "DELETE /processes/shop:web",
      "DELETE /processes/1",
      "POST /processes/1/_stop",
      "POST /processes/1/_signal/15",
    ];
    for (const line of lines) expect([line, (await keyed.as(reader, line)).status]).toEqual([line, 403]);
    const jobs = [
      ["POST /processes", sleeper("new")],
      ["POST /processes", sleeper("shop:new")],
      ["PUT /processes/shop:web", { cmd: "true" }],
    ] as const;
    for (const [line, job] of jobs) expect([line, (await keyed.as(reader, line, job)).status]).toEqual([line, 403]);
    expect(await keyed.state()).toBe(before);
    for (const path of ["/processes/shop:web", "/processes/1"]) {
      expect((await keyed.as(reader, `GET ${path}`)).json).toMatchObject({ env: { SECRET: "***" } });
      expect((await keyed.as(keyed.admin, `GET ${path}`)).json).toMatchObject({ env: { SECRET: "hunter2" } });
    }
  });

  test("a key for a session is none for the jobs of its name elsewhere", async () => {
    // The session "dummy" has nothing to do with the job "default.dummy".
    const key = (await keyed.key({ manage: ["dummy"] })).key;
    for (const path of ["/watch/proc/dummy/spawn?since=0", "/events?pattern=proc.dummy.spawn&since=0"]) {
      expect([path, (await keyed.as(key, `GET ${path}`)).status]).toEqual([path, 403]);
    }
  });
});
