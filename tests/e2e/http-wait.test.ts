import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { RawConnection } from "../support/raw-connection.ts";
import { RunningDaemon } from "../support/running-daemon.ts";

const stubborn = { cmd: `sh -c "trap '' TERM; echo up; while :; do sleep 0.05; done"` };

describe("?wait", () => {
  let daemon: RunningDaemon;
  beforeAll(async () => {
    daemon = await RunningDaemon.start();
  });
  afterAll(() => daemon[Symbol.asyncDispose]());

  test("answers when the end is reached, and tells of it", async () => {
    const { status, json } = await daemon.request("POST /jobs/w?wait=10", { name: "a", cmd: "sleep 1000" });
    expect([status, json]).toMatchObject([200, { ok: true, name: "w.a" }]);
    expect((await daemon.request("GET /jobs/w/a")).json).toMatchObject({ state: "running" });
    expect((await daemon.request("DELETE /jobs/w/a?wait=10")).json).toMatchObject({ ok: true, killed: [] });
    expect((await daemon.request("GET /pids")).json).toEqual({ pids: [] });
  });

  test("answers 504 when it is not, and what was begun goes on to its end", async () => {
    await daemon.request("POST /jobs/w?wait=10", { name: "b", ...stubborn, graceful_timeout: 1 });
    await daemon.until("/jobs/w/b/logs", / up/);
    const { status, json } = await daemon.request("POST /jobs/w/b/state?wait=0.05", "0");
    expect([status, json]).toMatchObject([504, { error: "timeout", errno: 504, code: "stop_timeout" }]);
    await daemon.until("/jobs/w/b", /"state":"stopped"/);
    await daemon.request("DELETE /jobs/w/b?wait=10");
  });

  test("a commit is over when its process runs, or is known not to", async () => {
    await daemon.request("POST /jobs/w", { name: "once", cmd: "sleep 1000", start: false });
    await daemon.request("POST /jobs/w", { name: "never", cmd: "/no/such/program", start: false });
    const good = await daemon.request("POST /jobs/w/once/commit?wait=10");
    expect(good.json).toMatchObject({ ok: true, running: 1, problems: [] });
    expect((await daemon.request("POST /jobs/w/never/commit?wait=10")).json).toMatchObject({
      running: 0,
      problems: [{ label: "w.never.0", reason: expect.stringContaining("/no/such/program") }],
    });
    for (const env of [{ "A=B": "x" }, { "": "x" }, { A: "a\0b" }]) {
      const bad = await daemon.request("POST /jobs/w/once/commit", { env });
      expect([env, bad.status, bad.json]).toEqual([env, 400, expect.objectContaining({ code: "job_invalid" })]);
    }
    for (const name of ["once", "never"]) await daemon.request(`DELETE /jobs/w/${name}?wait=10`);
  });

  test("is for what has an end", async () => {
    for (const line of ["POST /shutdown?wait=1", "GET /jobs?wait=1", "POST /jobs/w/a/signal?wait=1"]) {
      expect([
        line,
        (await daemon.request(line, line.includes("signal") ? { signal: "HUP" } : undefined)).status,
      ]).toEqual([line, 400]);
    }
    expect((await daemon.request("GET /jobs")).status).toBe(200);
  });

  test("is given once", async () => {
    const { status, json } = await daemon.request("POST /jobs/w?wait=1&wait=x", { name: "twice", cmd: "true" });
    expect([status, json]).toMatchObject([400, { message: expect.stringContaining('"wait" twice') }]);
    expect((await daemon.request("GET /jobs/w/twice")).status).toBe(404);
  });

  test("a client that goes while it waits leaves nothing behind, and its request is carried out", async () => {
    for (let at = 0; at < 20; at++) {
      await daemon.request("POST /jobs/w?wait=10", { name: `c${at}`, ...stubborn, graceful_timeout: 0.3 });
      const connection = await RawConnection.open(daemon.port);
      connection.send(`DELETE /jobs/w/c${at}?wait=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      await daemon.until("/jobs", new RegExp(`^(?!.*"w.c${at}")`));
      connection.close();
    }
    await daemon.until("/pids", /"pids":\[\]/);
  });

  test("an end that never comes keeps nobody from stopping the daemon", async () => {
    await using other = await RunningDaemon.start();
    await other.request("POST /jobs/w?wait=10", { name: "slow", ...stubborn, graceful_timeout: 2 });
    await other.until("/jobs/w/slow/logs", / up/);
    const waiting = other.request("POST /jobs/w/slow/state?wait=1000", "0");
    await other.until("/jobs/w/slow", /"stopping"/);
    expect((await other.stopped()).code).toBe(0);
    expect((await waiting).status).toBe(202);
  });

  test("no bug was met", () => {
    expect(daemon.gaffer.stderr).not.toContain("ERROR");
  });
});

describe("a daemon that stops", () => {
  for (const signal of ["SIGTERM", "SIGINT", "SIGQUIT"] as const) {
    test(`${signal}: no new work, an API until the end, feeds that end, nothing left, exit 0`, async () => {
      await using daemon = await RunningDaemon.start();
      await daemon.request("POST /jobs/s?wait=10", { name: "a", ...stubborn, graceful_timeout: 1.5 });
      await daemon.until("/jobs/s/a/logs", / up/);
      using feed = await RawConnection.open(daemon.port);
      feed.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
      await feed.says(/:\n\n/);
      daemon.gaffer.child.kill(signal);
      await daemon.logged(/stopping everything/);
      const refused = await daemon.request("POST /jobs/s", { name: "b", cmd: "true" });
      expect([refused.status, refused.json]).toMatchObject([409, { error: "conflict", code: "shutting_down" }]);
      for (const [line, body] of [
        ["POST /jobs/s/a/state", "1"],
        ["POST /jobs/s/a/numprocesses", { scale: 1 }],
        ["POST /jobs/s/a/commit", {}],
        ["PUT /jobs/s/a", { cmd: "true" }],
        ["PUT /sessions/t", { jobs: [] }],
      ] as const) {
        expect([line, (await daemon.request(line, body)).json]).toMatchObject([line, { code: "shutting_down" }]);
      }
      expect((await daemon.request("GET /jobs/s/a")).json).toMatchObject({ state: "stopping" });
      const { code } = await daemon.gaffer.ended();
      expect([code, daemon.gaffer.stderr]).toEqual([0, expect.stringContaining("had to be killed: s.a.1")]);
      await feed.says(/event: exit[^]*0\r\n\r\n$/);
      expect(daemon.gaffer.stderr).not.toContain("ERROR");
    });
  }

  test("POST /shutdown does the same, and a second signal kills at once", async () => {
    await using daemon = await RunningDaemon.start();
    await daemon.request("POST /jobs/s?wait=10", { name: "a", ...stubborn, graceful_timeout: 600 });
    await daemon.until("/jobs/s/a/logs", / up/);
    const { status, json } = await daemon.request("POST /shutdown");
    expect([status, json]).toEqual([202, { ok: true }]);
    await daemon.logged(/asked to shut down: stopping everything/);
    daemon.gaffer.child.kill("SIGTERM");
    while (daemon.gaffer.child.exitCode === null) {
      await Bun.sleep(120);
      daemon.gaffer.child.kill("SIGTERM");
    }
    expect((await daemon.gaffer.ended()).code).toBe(0);
    expect(daemon.gaffer.stderr).toContain("killing what is left");
  });
});
