import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync } from "node:fs";
import { RunningDaemon } from "../support/running-daemon.ts";
import { RunningGaffer } from "../support/running-gaffer.ts";
import { type Leaving, visitTcp } from "../support/tcp-visitor.ts";
import { TempDir } from "../support/temp-dir.ts";
import { ThrowawayUser } from "../support/throwaway-user.ts";

const job = (name: string): string => JSON.stringify({ name, cmd: "sleep 1000" });

const run = async (args: readonly string[], cwd: string): Promise<{ code: number | null; stderr: string }> => {
  await using gaffer = new RunningGaffer(["daemon", "--state-dir", `${cwd}/other`, ...args], { cwd });
  const { code } = await gaffer.ended();
  return { code, stderr: gaffer.stderr };
};

describe("who may use the daemon", () => {
  let daemon: RunningDaemon;
  let user: ThrowawayUser;
  let before = "";
  beforeAll(async () => {
    user = await ThrowawayUser.make(["nogroup"]);
    daemon = await RunningDaemon.start();
    await daemon.request("POST /jobs/s", { name: "a", cmd: "sleep 1000" });
    await daemon.until("/jobs/s/a", /"state":"running"/);
    before = await daemon.state();
  });
  afterAll(async () => {
    await daemon[Symbol.asyncDispose]();
    await user[Symbol.asyncDispose]();
  });

  const status = async (host: string): Promise<number> =>
    (await daemon.request("GET /jobs", undefined, { headers: { host } })).status;

  test("our own user comes in over TCP", async () => {
    expect(await visitTcp({ port: daemon.port, line: "GET /jobs" })).toContain('{"jobs":["s.a"]}');
  });

  test("another user of this machine is refused with the reason, at every kind of route, with no effect", async () => {
    const lines = ["GET /", "GET /ping", "GET /jobs", "GET /events", "OPTIONS /jobs", "GET /nope", "PATCH /jobs"];
    lines.push("POST /jobs/s", "DELETE /jobs/s/a", "DELETE /sessions/s", "POST /shutdown", "DELETE /1", "HEAD /jobs");
    for (const line of lines) {
      const answer = await visitTcp({ port: daemon.port, line, body: job("evil"), user: user.name });
      expect([line, answer]).toEqual([line, expect.stringMatching(/^HTTP\/1\.1 403 /)]);
      if (!line.startsWith("HEAD")) expect(answer).toMatch(/"code":"forbidden"/);
    }
    expect(await daemon.state()).toBe(before);
  });

  for (const leaving of ["shuts down", "closes", "resets"] as const satisfies readonly Leaving[]) {
    test(`another user whose socket ${leaving} once it has sent does not pass for root`, async () => {
      for (let count = 0; count < 25; count++) {
        const line = count % 2 === 0 ? "POST /jobs/s" : "DELETE /jobs/s/a";
        const answer = await visitTcp({ port: daemon.port, line, body: job("evil"), leaving, user: user.name });
        if (leaving === "shuts down") expect(answer).toMatch(/^(HTTP\/1\.1 403 |$)/);
      }
      // What it sent has been looked at when a request that came later is answered.
      expect(await visitTcp({ port: daemon.port, line: "GET /ping" })).toContain("OK");
      expect(await daemon.state()).toBe(before);
    });
  }

  test("a page that made its own name point to us is refused: the Host header must be a name of ours", async () => {
    for (const host of ["evil.example", "evil.example:5000", "127.0.0.1.evil.example", "localhost.evil", "", "[x]"]) {
      expect([host, await status(host)]).toEqual([host, 403]);
    }
    for (const host of [
      "127.0.0.1",
      "127.0.0.1:1",
      "localhost",
      "LOCALHOST:80",
      "localhost.",
      "[::1]:80",
      "10.1.2.3",
    ]) {
      expect([host, await status(host)]).toEqual([host, 200]);
    }
  });

  test("a page of another origin neither reads nor commands, over either socket", async () => {
    for (const over of ["tcp", "unix"] as const) {
      for (const origin of ["https://evil.example", "null", "", "http://127.0.0.1", "http://127.0.0.1:1", "file://"]) {
        const headers = { origin, "content-type": "text/plain" };
        for (const line of ["GET /jobs", "POST /jobs/s", "DELETE /jobs/s/a", "OPTIONS /jobs/s/a", "POST /shutdown"]) {
          const answer = await daemon.request(line, line.startsWith("GET") ? undefined : job("evil"), {
            headers,
            over,
          });
          expect([over, origin, line, answer.status]).toEqual([over, origin, line, 403]);
          expect(answer.headers.get("access-control-allow-origin")).toBeNull();
        }
      }
    }
    const same = { origin: `http://${daemon.host}` };
    expect((await daemon.request("GET /jobs", undefined, { headers: same })).status).toBe(200);
    expect(await daemon.state()).toBe(before);
  });

  test("the unix socket is ours alone", async () => {
    expect(lstatSync(daemon.socket).mode & 0o777).toBe(0o600);
    chmodSync(daemon.dir.path, 0o755);
    const connect = `import socket; socket.socket(socket.AF_UNIX).connect(${JSON.stringify(daemon.socket)})`;
    const argv = [
      "setpriv",
      "--reuid",
      user.name,
      "--regid",
      "nogroup",
      "--clear-groups",
      "/usr/bin/python3",
      "-c",
      connect,
    ];
    const child = Bun.spawn(argv, { stdio: ["ignore", "ignore", "pipe"] });
    expect(await child.stderr.text()).toContain("PermissionError");
    expect((await daemon.request("GET /ping", undefined, { over: "unix" })).text).toBe("OK");
  });

  test("over the unix socket any Host is served, and the path is read right", async () => {
    for (const host of ["a b", "[", "%", "x:99999", "evil.example"]) {
      const answer = await daemon.request("GET /jobs/s?x=://y", undefined, { headers: { host }, over: "unix" });
      expect([host, answer.status]).toEqual([host, 400]);
      const { json } = await daemon.request("GET /jobs/s", undefined, { headers: { host }, over: "unix" });
      expect([host, json]).toEqual([host, { sessionid: "s", jobs: ["s.a"] }]);
    }
  });

  test("over IPv6 it is the same", async () => {
    await using other = await RunningDaemon.start({ tcp: "[::1]:0" });
    const at = { host: "::1", port: other.port, line: "GET /jobs" };
    expect(await visitTcp(at)).toContain('{"jobs":[]}');
    expect(await visitTcp({ ...at, user: user.name })).toMatch(/^HTTP\/1\.1 403 /);
  });

  test("a daemon bound to the name localhost is the same", async () => {
    await using other = await RunningDaemon.start({ tcp: "localhost:0" });
    const { json } = await other.request("GET /jobs");
    expect(json).toEqual({ jobs: [] });
    for (const host of ["127.0.0.1", "::1"]) {
      const visit = visitTcp({ host, port: other.port, line: "GET /jobs", user: user.name });
      expect(await visit.catch((error: Error) => error.message)).toMatch(/^HTTP\/1\.1 403 |ConnectionRefused/);
    }
  });
});

describe("where a daemon listens", () => {
  test("a port or a live socket that is taken ends it with 1 and its name, and the first daemon lives on", async () => {
    await using daemon = await RunningDaemon.start();
    const port = await run(["--bind", daemon.host], daemon.dir.path);
    expect([port.code, port.stderr]).toEqual([
      1,
      expect.stringContaining(`Cannot listen on ${daemon.host}: another program listens there`),
    ]);
    const socket = await run(["--bind", "127.0.0.1:0", "--bind", `unix:${daemon.socket}`], daemon.dir.path);
    expect([socket.code, socket.stderr]).toEqual([
      1,
      expect.stringContaining(`Cannot listen on unix:${daemon.socket}: another program listens there`),
    ]);
    expect((await daemon.request("GET /ping", undefined, { over: "unix" })).text).toBe("OK");
  });

  test("a socket that a killed daemon left behind is replaced", async () => {
    using dir = new TempDir();
    const path = dir.file("g.sock");
    const args = ["daemon", "--bind", "unix:g.sock", "--state-dir", "state"];
    await using first = new RunningGaffer(args, { cwd: dir.path });
    while (!first.stderr.includes("listening")) await Bun.sleep(5);
    first.child.kill("SIGKILL");
    await first.ended();
    expect(lstatSync(path).isSocket()).toBe(true);
    await using second = new RunningGaffer(args, { cwd: dir.path });
    while (!second.stderr.includes("listening")) await Bun.sleep(5);
    expect(await (await fetch("http://localhost/ping", { unix: path })).text()).toBe("OK");
    expect((await second.stop()).code).toBe(0);
    expect(existsSync(path)).toBe(false);
  });

  test("what is no socket is left alone", async () => {
    using dir = new TempDir({ file: "precious" });
    mkdirSync(dir.file("folder"));
    for (const name of ["file", "folder"]) {
      const { code, stderr } = await run(["--bind", `unix:${name}`], dir.path);
      expect([code, stderr]).toEqual([1, expect.stringContaining("is there, and it is no socket")]);
    }
    expect(readFileSync(dir.file("file"), "utf8")).toBe("precious");
    const below = await run(["--bind", "unix:file/g.sock"], dir.path);
    expect([below.code, below.stderr]).toEqual([1, expect.stringContaining("Cannot listen on unix:")]);
  });

  test("an address beyond loopback is refused, with the way out", async () => {
    using dir = new TempDir();
    for (const bind of ["0.0.0.0:0", "[::]:0", "10.0.0.1:0", "example.org:80", "127.1.evil:0"]) {
      const { code, stderr } = await run(["--bind", bind], dir.path);
      expect([bind, code, stderr]).toEqual([bind, 2, expect.stringContaining("insecure = true")]);
    }
    for (const bind of ["", "unix:", "127.0.0.1:70000", "a b:1", `unix:${"x".repeat(108)}`, "http://a/b"]) {
      const { code, stderr } = await run(["--bind", bind], dir.path);
      expect([bind, code, stderr]).toEqual([bind, 2, expect.stringContaining("Cannot use --bind")]);
    }
  });
});
