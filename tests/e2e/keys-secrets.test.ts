import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { runGaffer } from "../support/gaffer-run.ts";
import { KeyedDaemon, ROOT_PASSWORD } from "../support/keyed-daemon.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { RunningDaemon } from "../support/running-daemon.ts";
import { RunningGaffer } from "../support/running-gaffer.ts";
import { TestWebSocket } from "../support/test-websocket.ts";
import { ThrowawayUser } from "../support/throwaway-user.ts";
import { visitTcp } from "../support/tcp-visitor.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(40_000);

/** Text of every file below a folder, a character a byte. */
const filesOf = (folder: string): string =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(`${folder}/${name}`).isFile())
    .map((name) => readFileSync(`${folder}/${name}`, "latin1"))
    .join("\n");

/** Reads an answer to its end. @returns how many bytes it had */
async function drain({ body }: Response): Promise<number> {
  let bytes = 0;
  for await (const chunk of body ?? []) bytes += chunk.length;
  return bytes;
}

describe("a key that is taken back", () => {
  test("ends feeds and websockets of what goes on and on, whether they are read or not", async () => {
    await using at = await KeyedDaemon.start();
    await at.as(at.admin, "POST /jobs/s?wait=20", {
      name: "busy",
      cmd: "while echo y; do sleep 0.005; done",
      shell: true,
    });
    const pid = String(Object((await at.as(at.admin, "GET /jobs/s/busy/pids")).json).pids[0]);
    const { key, id } = await at.key({ manage: ["*"] });
    const paths = [
      `/streams/${pid}/stdout?feed=continuous`,
      `/streams/${pid}/stdout?feed=eventsource`,
      "/jobs/s/busy/logs?follow=1",
      "/logs?follow=1",
    ];
    const unread: RawConnection[] = [];
    const drained = [];
    for (const path of paths) {
      const connection = await RawConnection.open(at.daemon.port);
      connection.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: ${key}\r\n\r\n`);
      await connection.says(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\n[\s\S]*y/);
      connection.pause();
      unread.push(connection);
      const response = await at.daemon.fetch(path, { headers: { "x-api-key": key } });
      drained.push(drain(response));
    }
    using socket = await new TestWebSocket(`ws://${at.daemon.host}/${pid}/channel?mode=1`, {
      "x-api-key": key,
    }).opened();
    using raw = await new TestWebSocket(`ws://${at.daemon.host}/wstreams/${pid}`, { "x-api-key": key }).opened();
    await socket.until(() => true, "output");
    await raw.until(() => true, "output");
    expect((await at.as(at.admin, `DELETE /keys/${id}`)).status).toBe(200);
    // They end, though there is always more to say.
    for (const bytes of await Promise.all(drained)) expect(bytes).toBeGreaterThan(0);
    for (const one of [socket, raw]) expect(await one.ended()).toEqual([1008, "the key was taken back"]);
    for (const connection of unread) {
      connection.resume();
      await connection.says(/\r\n0\r\n\r\n$/);
      connection.close();
    }
  });

  test("refuses what was begun with it and is not yet carried out", async () => {
    await using at = await KeyedDaemon.start();
    const { key, id } = await at.key({ manage: ["*"] });
    const body = JSON.stringify({ name: "late", cmd: "sleep 1000" });
    using connection = await RawConnection.open(at.daemon.port);
    const head = `POST /jobs/s HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: ${key}\r\nContent-Length: ${body.length}\r\n\r\n`;
    connection.send(head + body.slice(0, 5));
    await at.as(at.admin, "GET /jobs");
    expect((await at.as(at.admin, `DELETE /keys/${id}`)).status).toBe(200);
    connection.send(body.slice(5));
    await connection.says(/^HTTP\/1\.1 403 [\s\S]*"code":"forbidden"/);
    expect((await at.as(at.admin, "GET /jobs")).json).toEqual({ jobs: [] });
  });
});

test("no key and no password is seen: in files, logs, answers, arguments, or the environment of processes", async () => {
  await using at = await KeyedDaemon.start(["--log-level", "debug", "-vv"]);
  const made = await at.key({ admin: true }, { label: "seen nowhere" });
  const secrets = [at.admin, made.key, ROOT_PASSWORD, "her password"];
  await at.as(made.key, "POST /users", { username: "ann", password: "her password", key: made.key });
  const basic = { authorization: `Basic ${btoa(`ann:her password`)}` };
  const login = await at.daemon.request("GET /auth", undefined, { headers: basic });
  secrets.push(String(Object(login.json).api_key), btoa("ann:her password"));

  const shown: string[] = [];
  const look =
    "cat /proc/self/environ /proc/$PPID/environ /proc/$PPID/cmdline 2>/dev/null | tr '\\0' '\\n'; exec sleep 1000";
  await at.as(made.key, "POST /jobs/s?wait=20", { name: "look", cmd: look, shell: true });
  for (const [key, line, body] of [
    [made.key, "POST /jobs/s", { name: "look", cmd: "x" }],
    [made.key, `GET /keys/${made.key}?include_keys=1`],
    [made.key, `GET /nope/${made.key}`],
    [made.key, `PUT /keys/${made.key}`],
    [made.key, "POST /keys", { parent: made.key.slice(1) }],
    [made.key, "POST /users", { username: made.key, password: "her password", key: made.key.slice(1) }],
    [made.key, "PUT /users/ann/password", { password: ["her password"] }],
    [made.key, "GET /keys?include_keys=1"],
    [made.key, "GET /users?include_user=1"],
    [made.key, "GET /jobs/s/look"],
    [made.key, "GET /logs"],
    [made.key, "GET /events?since=0&pattern=none"],
  ] as const) {
    const signal = AbortSignal.timeout(500);
    const answer = line.startsWith("GET /events")
      ? await at.daemon
          .fetch(line.slice(4), { headers: { "x-api-key": key }, signal })
          .then(({ status }) => `${status}`)
      : (await at.as(key, line, body)).text;
    // What a caller wrote into the path may be in the answer to that caller, and only there.
    shown.push(line.includes("/nope/") || line.startsWith("PUT /keys") ? "" : answer);
  }
  await at.as("f".repeat(64), "GET /jobs");
  const { log } = await at.daemon.stopped();
  const all = [...shown, log, at.daemon.gaffer.stdout, filesOf(at.daemon.dir.path)].join("\n");
  expect(log).toContain("listening on");
  for (const secret of secrets) expect([secret.length, all.includes(secret)]).toEqual([secret.length, false]);
});

test("a key is enough for another user of this machine, and for any name of ours", async () => {
  await using user = await ThrowawayUser.make(["nogroup"]);
  await using at = await KeyedDaemon.start();
  // What follows the line is the rest of a header.
  const line = `GET /jobs HTTP/1.1\r\nX-Api-Key: ${at.admin}\r\nX-Rest:`;
  expect(await visitTcp({ port: at.daemon.port, line, user: user.name })).toContain('{"jobs":[]}');
  expect(await visitTcp({ port: at.daemon.port, line: "GET /jobs", user: user.name })).toMatch(/^HTTP\/1\.1 401 /);
  const headers = { host: "gaffer.example:1", "x-api-key": at.admin };
  expect((await at.daemon.request("GET /jobs", undefined, { headers })).status).toBe(200);
});

/** How a daemon ends that can't be started. */
async function started(at: KeyedDaemon): Promise<{ code: number | null; stderr: string }> {
  const words = ["daemon", "-c", "gaffer.ini", "--state-dir", "state"];
  await using gaffer = new RunningGaffer(words, { cwd: at.daemon.dir.path });
  const { code } = await gaffer.ended();
  return { code, stderr: gaffer.stderr.replaceAll(at.daemon.dir.path, "DIR") };
}

describe("the files of keys and users", () => {
  test("that others may read, or that are damaged, keep the daemon from starting; nothing is touched then", async () => {
    await using at = await KeyedDaemon.start();
    await at.daemon.stopped();
    const path = at.daemon.dir.file("state/keys.db");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    chmodSync(path, 0o644);
    expect(await started(at)).toEqual({
      code: 1,
      stderr: expect.stringContaining(
        'Cannot use key store "DIR/state/keys.db": others may use it (mode 0644) (chmod 600 DIR/state/keys.db)',
      ),
    });
    chmodSync(path, 0o600);
    const whole = readFileSync(path);
    writeFileSync(path, "no database");
    expect(await started(at)).toEqual({ code: 1, stderr: expect.stringContaining("it is damaged") });
    expect(readFileSync(path, "utf8")).toBe("no database");
    writeFileSync(path, whole);
    await using again = await at.again();
    expect((await again.as(at.admin, "GET /keys")).status).toBe(200);
  });

  test("that are damaged while it runs give 503 to who needs them, and the rest goes on", async () => {
    await using at = await KeyedDaemon.start();
    const { key } = await at.key({ manage: ["*"] });
    expect((await at.as(key, "GET /jobs")).status).toBe(200);
    writeFileSync(at.daemon.dir.file("state/keys.db"), Buffer.alloc(20_000, "x"));
    const answer = await at.as("e".repeat(64), "GET /jobs");
    expect([answer.status, Object(answer.json).code]).toEqual([503, "state_unusable"]);
    expect((await at.daemon.request("GET /jobs", undefined, { over: "unix" })).status).toBe(200);
    expect((await at.daemon.request("GET /ping")).status).toBe(200);
  });

  test("lie where [auth] says; without require_key there are none", async () => {
    const ini =
      "[gaffer]\nbind = unix:SOCKET, 127.0.0.1:0\nrequire_key = yes\n[auth]\nkeys_dbname = k\nauth_dbname = :memory:\n";
    {
      await using daemon = await RunningDaemon.start({ ini });
      await waitFor(
        () => daemon.gaffer.stderr.includes("there is none yet"),
        () => daemon.gaffer.stderr,
      );
      expect(readdirSync(daemon.dir.file("state")).filter((name) => /^k|\.db/.test(name))).toEqual(["k"]);
      expect((await daemon.request("GET /jobs", undefined, { over: "unix" })).status).toBe(401);
    }
    await using open = await RunningDaemon.start();
    expect(existsSync(open.dir.file("state/keys.db"))).toBe(false);
  });

  test("a backend that is not there is an error of the configuration", async () => {
    await using at = await KeyedDaemon.start();
    at.daemon.dir.write("other.ini", "[gaffer]\n[auth]\nkeys_backend = redis\n");
    const { code, stderr } = await runGaffer(["daemon", "--check", "other.ini"], { cwd: at.daemon.dir.path });
    expect([code, stderr]).toEqual([2, expect.stringMatching(/other\.ini:3:\d+: .*keys_backend.*default/s)]);
  });
});

test("beyond loopback nothing is listened on without a key, and the way out is named", async () => {
  const { code, stderr } = await runGaffer(["daemon", "--bind", "0.0.0.0:0", "--state-dir", "/nonexistent/x"], {
    cwd: "/",
  });
  expect([code, stderr]).toEqual([2, expect.stringContaining("beyond loopback a key is needed (require_key = true)")]);
});

test("a reload does not change who is let in, and says so", async () => {
  const ini = "[gaffer]\nbind = unix:SOCKET, 127.0.0.1:0\n";
  await using daemon = await RunningDaemon.start({ ini });
  const reloaded = async (text: string, pattern: RegExp): Promise<void> => {
    daemon.dir.write("gaffer.ini", text.replaceAll("SOCKET", daemon.socket));
    daemon.gaffer.child.kill("SIGHUP");
    await daemon.logged(pattern);
  };
  await reloaded(`${ini}[job:s:a]\ncmd = sleep 1000\n`, /job s\.a: added/);
  expect(daemon.gaffer.stderr).not.toContain("are those of the start");
  await reloaded(`${ini}require_key = true\n`, /require_key.*are those of the start: restart the daemon/);
  expect((await daemon.request("GET /jobs")).status).toBe(200);
});
