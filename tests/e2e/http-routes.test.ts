import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { RunningDaemon } from "../support/running-daemon.ts";
import { TempDir } from "../support/temp-dir.ts";

/** Sleeps until it is told to end. */
const sleeper = (name: string, more: object = {}): object => ({ name, cmd: "sleep 1000", ...more });

describe("the routes of the daemon", () => {
  let daemon: RunningDaemon;
  beforeAll(async () => {
    daemon = await RunningDaemon.start();
  });
  afterAll(() => daemon[Symbol.asyncDispose]());

  const ask = async (line: string, body?: unknown): Promise<[number, unknown]> => {
    const { status, json } = await daemon.request(line, body);
    return [status, json];
  };

  const scale = async (by: unknown): Promise<unknown> => (await ask("POST /jobs/s/a/numprocesses", { scale: by }))[1];
  const state = async (): Promise<string> => (await daemon.request("GET /jobs/st/a/state")).text;

  test("greetings, by TCP and by the unix socket", async () => {
    for (const over of ["tcp", "unix"] as const) {
      const { status, json, headers } = await daemon.request("GET /", undefined, { over });
      expect([status, json]).toEqual([200, { welcome: "gaffer", version: expect.any(String) }]);
      expect(headers.get("content-type")).toStartWith("application/json");
      expect((await daemon.request("GET /ping", undefined, { over })).text).toBe("OK");
      expect((await daemon.request("GET /version", undefined, { over })).json).toEqual({
        name: "gaffer",
        version: expect.any(String),
      });
    }
  });

  test("a job from its load to its unload", async () => {
    expect(await ask("POST /jobs/life", sleeper("web"))).toEqual([200, { ok: true, name: "life.web" }]);
    const [again, conflict] = await ask("POST /jobs/life", sleeper("web"));
    expect([again, conflict]).toEqual([
      409,
      { error: "process_conflict", errno: 409, message: expect.stringContaining('"life.web"'), code: "job_exists" },
    ]);
    expect(await ask("GET /sessions")).toEqual([200, { sessions: ["life"] }]);
    expect(await ask("GET /jobs")).toEqual([200, { jobs: ["life.web"] }]);
    expect(await ask("GET /jobs/life")).toEqual([200, { sessionid: "life", jobs: ["life.web"] }]);
    await daemon.until("/jobs/life/web", /"state":"running"/);
    const [, info] = await ask("GET /jobs/life/web");
    expect(info).toMatchObject({ name: "life.web", active: true, running: 1, running_out: 0, max_processes: 1 });
    expect(info).toMatchObject({ config: { cmd: "sleep 1000", numprocesses: 1 }, slots: [{ slot: 1, restarts: 0 }] });
    expect(await ask("GET /jobs?full=1")).toMatchObject([200, { jobs: [{ name: "life.web" }] }]);
    expect(await ask("DELETE /jobs/life/web?wait=10")).toEqual([200, expect.objectContaining({ ok: true })]);
    expect(await ask("GET /jobs")).toEqual([200, { jobs: [] }]);
    expect(await ask("GET /jobs/life/web")).toMatchObject([404, { error: "not_found", code: "job_not_found" }]);
    expect(await ask("GET /jobs/life")).toMatchObject([404, { error: "not_found", code: "session_not_found" }]);
    expect(await ask("GET /pids")).toEqual([200, { pids: [] }]);
  });

  test("update takes the config whole, and its name only if it is the path's", async () => {
    await ask("POST /jobs/up", sleeper("a"));
    expect(await ask("PUT /jobs/up/a?wait=10", { cmd: "sleep 2000" })).toMatchObject([201, { ok: true }]);
    expect(await ask("GET /jobs/up/a")).toMatchObject([200, { config: { cmd: "sleep 2000" } }]);
    expect(await ask("PUT /jobs/up/a", sleeper("b"))).toMatchObject([400, { error: "bad_request" }]);
    expect(await ask("PUT /jobs/up/none", sleeper("none"))).toMatchObject([404, { code: "job_not_found" }]);
    expect(await ask("GET /jobs/up/a")).toMatchObject([200, { config: { cmd: "sleep 2000" } }]);
    await ask("DELETE /jobs/up/a?wait=10");
  });

  test("each form of scale", async () => {
    await ask("POST /jobs/s", sleeper("a"));
    expect(await scale(2)).toEqual({ numprocesses: 3, clamped: false });
    expect(await scale("2")).toEqual({ numprocesses: 5, clamped: false });
    expect(await scale("-4")).toEqual({ numprocesses: 1, clamped: false });
    expect(await scale("+1")).toEqual({ numprocesses: 2, clamped: false });
    expect(await scale("=3")).toEqual({ numprocesses: 3, clamped: false });
    expect(await scale(-9)).toEqual({ numprocesses: 0, clamped: true });
    expect(await ask("GET /jobs/s/a/numprocesses")).toEqual([200, { numprocesses: 0 }]);
    for (const bad of ["x", "", "=", "=-1", 1.5, null, [], {}, true, "9".repeat(400)]) {
      const [status, body] = await ask("POST /jobs/s/a/numprocesses", { scale: bad });
      expect([bad, status, body]).toEqual([bad, 400, expect.objectContaining({ errno: 400 })]);
    }
    expect(await ask("POST /jobs/s/a/numprocesses", {})).toMatchObject([400, { error: "bad_request" }]);
    expect(await ask("GET /jobs/s/a/numprocesses")).toEqual([200, { numprocesses: 0 }]);
    await ask("DELETE /jobs/s/a?wait=10");
  });

  test("the states 1, 0, 2 and 3, as text, number and JSON text", async () => {
    await ask("POST /jobs/st", sleeper("a", { start: false }));
    expect(await state()).toBe("0");
    expect(await ask("POST /jobs/st/a/state?wait=10", "1")).toMatchObject([202, { ok: true }]);
    expect(await state()).toBe("1");
    const [, before] = await ask("GET /jobs/st/a/pids");
    expect(await ask("POST /jobs/st/a/state?wait=10", '"2"')).toMatchObject([202, { ok: true }]);
    const [, reloaded] = await ask("GET /jobs/st/a/pids");
    expect(reloaded).not.toEqual(before);
    expect(await ask("POST /jobs/st/a/state?wait=10", " 3\n")).toMatchObject([202, { ok: true }]);
    expect((await ask("GET /jobs/st/a/pids"))[1]).not.toEqual(reloaded);
    for (const bad of ["4", "", "01", "true", "{}", "constructor", "__proto__", "toString", "\u0000", '""1""']) {
      expect([bad, (await ask("POST /jobs/st/a/state", bad))[0]]).toEqual([bad, 400]);
    }
    expect(await state()).toBe("1");
    expect(await ask("POST /jobs/st/a/state?wait=10", 0)).toMatchObject([202, { ok: true }]);
    expect(await state()).toBe("0");
    expect((await ask("POST /jobs/st/none/state", "1"))[0]).toBe(404);
    await ask("DELETE /jobs/st/a?wait=10");
  });

  test("signals by name and number, to a job and to a process", async () => {
    using dir = new TempDir({
      "traps.sh": "trap 'echo >> usr1' USR1\ntrap 'echo >> hup' HUP\necho >> up\nwhile :; do sleep 0.02; done\n",
    });
    const lines = async (name: string): Promise<number> => {
      const file = Bun.file(dir.file(name));
      return (await file.exists()) ? (await file.text()).length : 0;
    };
    const grows = async (name: string, to: number): Promise<void> => {
      while ((await lines(name)) < to) await Bun.sleep(5);
    };
    await ask("POST /jobs/sig", { name: "a", cmd: "sh traps.sh", cwd: dir.path });
    await grows("up", 1);
    expect(await ask("POST /jobs/sig/a/signal", { signal: "USR1" })).toEqual([202, { ok: true }]);
    await grows("usr1", 1);
    expect(await ask("POST /jobs/sig/a/signal", { signal: 10 })).toEqual([202, { ok: true }]);
    await grows("usr1", 2);
    const { text } = await daemon.request("GET /jobs/sig/a/pids");
    const [pid = ""] = /\d+/.exec(text) ?? [];
    for (const [at, signal] of ["SIGHUP", "hup", "1", 1].entries()) {
      expect(await ask(`POST /${pid}/signal`, { signal })).toEqual([202, { ok: true }]);
      await grows("hup", at + 1);
    }
    for (const bad of ["NOPE", "", -1, 0, 65, 1.5, null, [], "99999999999999999999"]) {
      for (const path of [`/${pid}/signal`, "/jobs/sig/a/signal"]) {
        const [status, body] = await ask(`POST ${path}`, { signal: bad });
        expect([path, bad, status, body]).toEqual([path, bad, 400, expect.objectContaining({ errno: 400 })]);
      }
    }
    expect(await ask(`POST /${pid}/signal`, { signal: "NOPE" })).toMatchObject([400, { error: "bad_signal" }]);
    expect((await ask("POST /999999/signal", { signal: 1 }))[0]).toBe(404);
    await ask("DELETE /jobs/sig/a?wait=10");
  });

  test("commit runs one process more, once, with its environment and its time to end", async () => {
    using dir = new TempDir({ "show.sh": 'trap "" TERM; echo "$EXTRA" > shown.part; mv shown.part shown; sleep 1000' });
    await ask("POST /jobs/c", { name: "a", cmd: "sh show.sh", cwd: dir.path, start: false, graceful_timeout: 300 });
    const [status, committed] = await ask("POST /jobs/c/a/commit", { graceful_timeout: 0.1, env: { EXTRA: "yes" } });
    expect([status, committed]).toEqual([200, { ok: true, pid: expect.any(Number) }]);
    while (!(await Bun.file(dir.file("shown")).exists())) await Bun.sleep(5);
    expect(await Bun.file(dir.file("shown")).text()).toBe("yes\n");
    expect(await ask("GET /jobs/c/a")).toMatchObject([200, { running_out: 1, processes: [], max_processes: 1 }]);
    expect(await ask("GET /jobs/c/a/pids")).toEqual([200, { pids: [] }]);
    const { text } = await daemon.request("GET /pids");
    const [pid = ""] = /\d+/.exec(text) ?? [];
    expect(await ask(`GET /${pid}`)).toMatchObject([200, { name: "c.a", slot: 0, commited: true, committed: true }]);
    // It ignores SIGTERM: only its own time to end, not the job's, lets this be reached.
    expect(await ask("DELETE /jobs/c/a?wait=20")).toMatchObject([200, { ok: true }]);
    expect(await ask("POST /jobs/c/a/commit")).toMatchObject([404, {}]);
  });

  test("commit takes no body, an empty one, null and 0, and refuses the rest", async () => {
    await ask("POST /jobs/c", sleeper("b", { start: false }));
    for (const good of [undefined, "", "  ", "{}", { graceful_timeout: null }, { graceful_timeout: 0 }, { env: {} }]) {
      expect([good, (await ask("POST /jobs/c/b/commit", good))[0]]).toEqual([good, 200]);
    }
    const before = await daemon.state();
    for (const bad of [
      "[]",
      "1",
      "x",
      { graceful_timeout: "1" },
      { graceful_timeout: -1 },
      { env: { A: 1 } },
      { e: 1 },
    ]) {
      expect([bad, (await ask("POST /jobs/c/b/commit", bad))[0]]).toEqual([bad, 400]);
    }
    expect(await daemon.state()).toBe(before);
    await ask("DELETE /jobs/c/b?wait=10");
  });

  test("stats of a job and of a process", async () => {
    await ask("POST /jobs/stat", sleeper("a"));
    await daemon.until("/jobs/stat/a", /"state":"running"/);
    const usage = {
      mem: expect.any(Number),
      cpu: expect.any(Number),
      ctime: expect.stringMatching(/^\d+:\d\d\.\d\d$/),
    };
    const [status, stats] = await ask("GET /jobs/stat/a/stats");
    expect([status, stats]).toMatchObject([200, { name: "stat.a", stats: [usage], max_mem: expect.any(Number) }]);
    const [pid = ""] = /\d+/.exec((await daemon.request("GET /jobs/stat/a/pids")).text) ?? [];
    expect(await ask(`GET /${pid}/stats`)).toMatchObject([
      200,
      { stats: { ...usage, pid: Number(pid), children: [] } },
    ]);
    expect((await ask("GET /999999/stats"))[0]).toBe(404);
    await ask("POST /jobs/stat/a/state?wait=10", "0");
    expect(await ask("GET /jobs/stat/a/stats")).toEqual([
      200,
      { name: "stat.a", stats: [], mem: 0, max_mem: 0, min_mem: 0, cpu: 0, max_cpu: 0, min_cpu: 0 },
    ]);
    await ask("DELETE /jobs/stat/a");
  });

  test("a process that is stopped is replaced, and with scale_down it is not", async () => {
    await ask("POST /jobs/p", sleeper("a", { numprocesses: 2 }));
    await daemon.until("/jobs/p/a", /"state":"running"/);
    const pids = async (): Promise<number[]> =>
      [...(await daemon.request("GET /jobs/p/a/pids")).text.matchAll(/\d+/g)].map(Number);
    const [first, second] = await pids();
    expect(await ask(`DELETE /${first}?wait=10`)).toMatchObject([202, { ok: true, replaced: true }]);
    expect(await pids()).not.toContain(first);
    expect(await pids()).toHaveLength(2);
    expect(await ask(`DELETE /${second}?scale_down=1&wait=10`)).toMatchObject([202, { ok: true, replaced: false }]);
    expect(await pids()).toHaveLength(1);
    expect(await ask("GET /jobs/p/a/numprocesses")).toEqual([200, { numprocesses: 1 }]);
    expect(await ask(`DELETE /${second}`)).toMatchObject([404, { code: "process_not_found" }]);
    expect((await ask(`DELETE /${(await pids())[0]}?scale_down=maybe`))[0]).toBe(400);
    expect(await ask(`DELETE /${(await pids())[0]}?scale_dwon=1`)).toMatchObject([
      400,
      { message: expect.stringContaining("scale_down") },
    ]);
    expect(await pids()).toHaveLength(1);
    await ask("DELETE /jobs/p/a?wait=10");
  });

  test("a session is made what a list says, and unloaded as a whole", async () => {
    const first = await ask("PUT /sessions/app", { jobs: [sleeper("a"), sleeper("b")] });
    expect(first).toEqual([200, { unchanged: [], changed: [], added: ["app.a", "app.b"], removed: [] }]);
    const second = await ask("PUT /sessions/app", { jobs: [sleeper("b", { numprocesses: 2 }), sleeper("c")] });
    expect(second).toEqual([200, { unchanged: [], changed: ["app.b"], added: ["app.c"], removed: ["app.a"] }]);
    const before = await daemon.state();
    for (const bad of [
      { jobs: [sleeper("b"), { name: "x" }] },
      { jobs: [sleeper("b"), sleeper("b")] },
      { jobs: [sleeper("other.b")] },
      { jobs: [], session: "other" },
      { jobs: {} },
      { jobs: [], sart: true },
      {},
    ]) {
      expect([bad, (await ask("PUT /sessions/app", bad))[0]]).toEqual([bad, 400]);
    }
    for (const name of ["a%20b", "%00", "..", "12", "a%2Fb"]) {
      expect([name, (await ask(`PUT /sessions/${name}`, { jobs: [] }))[0] >= 400]).toEqual([name, true]);
    }
    expect(await daemon.state()).toBe(before);
    expect(await ask("DELETE /sessions/app?wait=10")).toMatchObject([200, { ok: true, jobs: ["app.b", "app.c"] }]);
    expect(await ask("DELETE /sessions/app")).toMatchObject([404, { code: "session_not_found" }]);
  });

  test("HEAD answers as GET without a body, OPTIONS with what there is, other methods 405 with Allow", async () => {
    await ask("POST /jobs/h", sleeper("a"));
    for (const path of ["/", "/ping", "/version", "/sessions", "/jobs", "/jobs/h", "/jobs/h/a/state", "/pids"]) {
      const [got, head] = [await daemon.request(`GET ${path}`), await daemon.request(`HEAD ${path}`)];
      expect([path, head.status, head.text]).toEqual([path, got.status, ""]);
      expect([path, head.headers.get("content-length")]).toEqual([path, String(Buffer.byteLength(got.text))]);
    }
    const allowed: Record<string, string> = {
      "/": "GET, HEAD, OPTIONS",
      "/shutdown": "POST, OPTIONS",
      "/jobs/h": "GET, POST, HEAD, OPTIONS",
      "/jobs/h/a": "GET, PUT, DELETE, HEAD, OPTIONS",
      "/jobs/h/a/signal": "POST, OPTIONS",
      "/12": "GET, DELETE, HEAD, OPTIONS",
      "/streams/1/stdout": "GET, POST, HEAD, OPTIONS",
      "/events": "GET, HEAD, OPTIONS",
    };
    for (const [path, allow] of Object.entries(allowed)) {
      const options = await daemon.request(`OPTIONS ${path}`);
      expect([path, options.status, options.headers.get("allow")]).toEqual([path, 204, allow]);
      const patch = await daemon.request(`PATCH ${path}`, "{}");
      expect([path, patch.status, patch.headers.get("allow")]).toEqual([path, 405, allow]);
      expect(patch.json).toMatchObject({ error: "method_not_allowed", errno: 405, code: "method_not_allowed" });
    }
    expect((await daemon.request("OPTIONS /nope")).status).toBe(404);
    expect(await ask("GET /nope")).toEqual([
      404,
      { error: "not_found", errno: 404, message: "Cannot GET /nope: there is no such path", code: "route_not_found" },
    ]);
    await ask("DELETE /jobs/h/a?wait=10");
  });

  test("HEAD of a feed ends at once and leaves nobody subscribed", async () => {
    await ask("POST /jobs/hf", sleeper("a"));
    await daemon.until("/jobs/hf/a", /"state":"running"/);
    const [pid = ""] = /\d+/.exec((await daemon.request("GET /jobs/hf/a/pids")).text) ?? [];
    for (const path of ["/events", `/streams/${pid}/stdout?feed=continuous`]) {
      const { status, text } = await daemon.request(`HEAD ${path}`);
      expect([path, status, text]).toEqual([path, 200, ""]);
    }
    await ask("DELETE /jobs/hf/a?wait=10");
  });

  test("a body can't turn a request to another target than its path", async () => {
    await ask("POST /jobs/t", sleeper("a"));
    await ask("POST /jobs/t", sleeper("b"));
    await daemon.until("/jobs?full=1", /t\.b","active":true,"state":"running"/);
    const before = await daemon.state();
    expect((await ask("POST /jobs/t/a/numprocesses", { name: "t.b", scale: "=3" }))[0]).toBe(400);
    expect((await ask("POST /jobs/t/a/signal", { name: "t.b", signal: "TERM" }))[0]).toBe(400);
    expect((await ask("POST /jobs/t/a/commit", { name: "t.b" }))[0]).toBe(400);
    const [pid = ""] = /\d+/.exec((await daemon.request("GET /jobs/t/a/pids")).text) ?? [];
    expect((await ask(`POST /${pid}/signal`, { pid: Number(pid) + 1, signal: "TERM" }))[0]).toBe(400);
    expect((await ask("POST /jobs/t", sleeper("u.c")))[0]).toBe(400);
    expect(await daemon.state()).toBe(before);
    await ask("DELETE /sessions/t?wait=10");
  });

  test("digits are the number of a process, also where there can be none", async () => {
    for (const path of ["/0", "/007", "/00", "/99999999999999999999", "/0/stats", "/999999"]) {
      const { status, json } = await daemon.request(`GET ${path}`);
      expect([path, status, json]).toEqual([path, 404, expect.objectContaining({ code: "process_not_found" })]);
    }
  });
});
