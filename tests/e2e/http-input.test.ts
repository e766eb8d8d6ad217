import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { RawConnection } from "../support/raw-connection.ts";
import { RunningDaemon } from "../support/running-daemon.ts";

const MIB = 1 << 20;
const HOST = "Host: 127.0.0.1\r\n";

/** Every route that changes something, with `PID` for the number of a process. */
const changing = [
  "PUT /sessions/s",
  "POST /jobs/s",
  "PUT /jobs/s/a",
  "POST /jobs/s/a/numprocesses",
  "POST /jobs/s/a/signal",
  "POST /jobs/s/a/state",
  "POST /jobs/s/a/commit",
  "POST /PID/signal",
];

/** Bodies that none of these takes. */
const bad: Record<string, unknown> = {
  "no JSON": "{name",
  "an array": [],
  "a text": '"x"',
  null: "null",
  "a number that is no state": "17",
  binary: new Uint8Array([0, 255, 254, 1, 2]),
  "not UTF-8 inside JSON": new Uint8Array([123, 34, 255, 34, 58, 49, 125]),
  "a deep array": "[".repeat(200_000),
  "a deep object": `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`,
  "an unknown field": { nmae: "a" },
  "a prototype": '{"__proto__":{"name":"a","cmd":"true"},"constructor":1}',
  "a wrong type everywhere": { name: [], cmd: {}, scale: {}, signal: {}, jobs: 1, graceful_timeout: [], env: [] },
  "10 000 unknown fields": Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`field${at}`, at])),
  "1 MiB of a text": `"${"x".repeat(MIB - 2)}"`,
  "1 MiB and a byte": "x".repeat(MIB + 1),
  "2 MiB": "x".repeat(2 * MIB),
};

describe("bad input", () => {
  let daemon: RunningDaemon;
  let pid = "";
  let before = "";
  beforeAll(async () => {
    daemon = await RunningDaemon.start();
    await daemon.request("POST /jobs/s", { name: "a", cmd: "sleep 1000" });
    await daemon.until("/jobs/s/a", /"state":"running"/);
    pid = /\d+/.exec((await daemon.request("GET /pids")).text)?.[0] ?? "";
    before = await daemon.state();
  });
  afterAll(() => daemon[Symbol.asyncDispose]());

  for (const route of changing) {
    test(`${route} refuses every bad body, and nothing changes`, async () => {
      const line = route.replace("PID", pid);
      for (const [what, body] of Object.entries(bad)) {
        const { status, json } = await daemon.request(line, body);
        const tooLarge = what === "2 MiB" || what === "1 MiB and a byte";
        expect([what, status, json]).toEqual([
          what,
          tooLarge ? 413 : 400,
          expect.objectContaining({
            error: expect.any(String),
            errno: status,
            message: expect.stringMatching(/^[^]{1,4000}$/),
            code: expect.any(String),
          }),
        ]);
      }
      expect(await daemon.state()).toBe(before);
    });
  }

  test("an empty body is refused where something is to be said", async () => {
    for (const route of changing.filter((one) => !one.endsWith("/commit"))) {
      const { status, json } = await daemon.request(route.replace("PID", pid), "");
      expect([route, status, json]).toEqual([route, 400, expect.objectContaining({ errno: 400 })]);
    }
    expect(await daemon.state()).toBe(before);
  });

  test("an unknown field is told with the nearest one, in bodies and in queries", async () => {
    const near = async (line: string, body?: unknown): Promise<string> => (await daemon.request(line, body)).text;
    expect(await near("POST /jobs/s", { name: "b", cmd: "true", numproceses: 2 })).toContain('did you mean \\"numproc');
    expect(await near("POST /jobs/s/a/numprocesses", { scal: 1 })).toContain('did you mean \\"scale\\"');
    expect(await near("POST /jobs/s/a/commit", { graceful_timeot: 1 })).toContain('\\"graceful_timeout\\"');
    expect(await near("GET /jobs?ful=1")).toContain('did you mean \\"full\\"');
    expect(await near("GET /events?sinse=1")).toContain('did you mean \\"since\\"');
    expect(await daemon.state()).toBe(before);
  });

  test("a body of exactly 1 MiB is taken", async () => {
    const job = JSON.stringify({ name: "mib", cmd: "true", start: false, env: { A: "" } });
    const whole = job.replace('"A":""', `"A":"${"x".repeat(MIB - job.length)}"`);
    expect(Buffer.byteLength(whole)).toBe(MIB);
    expect((await daemon.request("POST /jobs/s", whole)).status).toBe(200);
    expect((await daemon.request("DELETE /jobs/s/mib?wait=10")).status).toBe(200);
    expect(await daemon.state()).toBe(before);
  });

  test("paths that are none are refused, by every method", async () => {
    const { port } = daemon;
    const paths = [
      "//",
      "//jobs",
      "/jobs//",
      "/jobs/",
      "/jobs/s/",
      "/jobs/s/a/",
      "/jobs/%",
      "/jobs/%zz",
      "/jobs/%ff/a",
    ];
    paths.push("/jobs/%00/a", "/jobs/s/%00", "/jobs/s/..");
    paths.push("/jobs/s%2Fa", `/${pid}%00`, `/-${pid}`, `/+${pid}`, `/${pid}.0`);
    paths.push("/99999999999999999999999999", `/${"9".repeat(400)}`, "/0", "/streams/0/stdout", "/streams/x/stdout");
    paths.push(
      `/${"x".repeat(6000)}`,
      `/jobs/s/${"x/".repeat(2000)}`,
      "/jobs/s/__proto__",
      "/constructor",
      "/__proto__",
    );
    for (const path of paths) {
      for (const method of ["GET", "HEAD", "POST", "PUT", "DELETE"]) {
        using connection = await RawConnection.open(port);
        connection.send(`${method} ${path} HTTP/1.1\r\n${HOST}Connection: close\r\nContent-Length: 2\r\n\r\n{}`);
        const shown = path.slice(0, 60);
        expect([method, shown, await connection.answered()]).toEqual([
          method,
          shown,
          expect.stringMatching(/^HTTP\/1\.1 4\d\d /),
        ]);
      }
    }
    expect(await daemon.state()).toBe(before);
  });

  test("queries that say nothing sensible are refused", async () => {
    const lines = [
      "GET /jobs?full=2",
      "GET /jobs?full=%ff",
      "GET /pids?x",
      "GET /events?since=x",
      "GET /events?since=-1",
      "GET /events?since=1e3",
      `GET /events?since=${"9".repeat(30)}`,
      "GET /events?heartbeat=0",
      "GET /events?heartbeat=x",
      "GET /events?heartbeat=99999999999",
      `GET /streams/${pid}/stdout?feed=x`,
      `GET /streams/${pid}/stdout?heartbeat=-1`,
      ...["x", "", "-1", "1e3", "NaN", "Infinity", "2147484", "9".repeat(400), "1;2"].map(
        (wait) => `DELETE /jobs/s/a?wait=${wait}`,
      ),
    ];
    for (const line of lines) {
      const { status, json } = await daemon.request(line);
      expect([line, status, json]).toEqual([line, 400, expect.objectContaining({ error: "bad_request", errno: 400 })]);
    }
    expect(await daemon.state()).toBe(before);
  });

  test("a body without length that never ends costs no memory, and is refused with a body", async () => {
    const memory = (): number =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${daemon.gaffer.child.pid}/status`, "utf8"))?.[1]) * 1024;
    const chunk = `10000\r\n${"z".repeat(0x1_00_00)}\r\n`;
    const start = memory();
    for (const route of ["POST /jobs/s", "GET /jobs", "POST /shutdwn", "POST /jobs/s/a/state"]) {
      using connection = await RawConnection.open(daemon.port);
      connection.send(`${route} HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`);
      for (let sent = 0; sent < 64 && !connection.closed; sent++) {
        connection.send(chunk.repeat(16));
        await Bun.sleep(0);
      }
      const status = { "GET /jobs": "200", "POST /shutdwn": "404" }[route] ?? "413";
      expect([route, await connection.answered()]).toEqual([route, expect.stringContaining(`HTTP/1.1 ${status} `)]);
    }
    for (const length of [2 * MIB + 1, 3_000_000_000_000, MIB + 1]) {
      using connection = await RawConnection.open(daemon.port);
      connection.send(`POST /jobs/s HTTP/1.1\r\n${HOST}Content-Length: ${length}\r\n\r\nxxx`);
      expect(await connection.says(/}$/)).toContain('"code":"body_too_large"');
    }
    expect(await daemon.state()).toBe(before);
    expect(memory() - start).toBeLessThan(48 * MIB);
  });

  test("a client that goes in the middle of its body changes nothing, and is no bug", async () => {
    for (let count = 0; count < 20; count++) {
      const connection = await RawConnection.open(daemon.port);
      connection.send(`POST /jobs/s HTTP/1.1\r\n${HOST}Content-Length: 500\r\n\r\n{"name":"gone","cmd":"true"}`);
      await daemon.request("GET /ping");
      connection.close();
    }
    expect(await daemon.state()).toBe(before);
  });

  test("of twenty equal requests at the same time one is carried out", async () => {
    const load = (): Promise<{ status: number }> => daemon.request("POST /jobs/s", { name: "once", cmd: "sleep 1000" });
    const loaded = await Promise.all(Array.from({ length: 20 }, load));
    expect(loaded.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      200,
      ...Array.from({ length: 19 }, () => 409),
    ]);
    const unload = (): Promise<{ status: number }> => daemon.request("DELETE /jobs/s/once?wait=10");
    const unloaded = await Promise.all(Array.from({ length: 20 }, unload));
    expect(unloaded.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      200,
      ...Array.from({ length: 19 }, () => 404),
    ]);
    expect(await daemon.state()).toBe(before);
  });

  test("10 000 jobs in one request, and none of a list of which one is wrong", async () => {
    const jobs = Array.from({ length: 10_000 }, (_, at) => ({ name: `j${at}`, cmd: "true", start: false }));
    const { status, json } = await daemon.request("PUT /sessions/many", { jobs });
    expect([status, json]).toMatchObject([200, { unchanged: [], removed: [] }]);
    const broken = await daemon.request("PUT /sessions/many", { jobs: [...jobs.slice(0, 9000), { name: "no cmd" }] });
    expect(broken.status).toBe(400);
    expect((await daemon.request("GET /jobs/many")).text.split(",")).toHaveLength(10_001);
  });

  test("no bug was met", () => {
    expect(daemon.gaffer.stderr).not.toContain("ERROR");
    expect(daemon.gaffer.child.exitCode).toBeNull();
  });
});
