import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { WalkedDaemon } from "../support/walked-daemon.ts";

setDefaultTimeout(60_000);

interface End {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, and gives what it said. */
async function run(...command: string[]): Promise<End> {
  const child = Bun.spawn(command, { stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, stdout, stderr };
}

/** An administrator of {@link WalkedDaemon}. */
const [USER, PASSWORD] = ["walker", "a password of some length"];

describe("programs that others wrote", () => {
  let walked: WalkedDaemon;
  beforeAll(async () => {
    walked = await WalkedDaemon.start();
  });
  afterAll(() => walked[Symbol.asyncDispose]());

  const url = (path: string): string => `http://${walked.daemon.host}${path}`;
  const curl = async (path: string, ...args: string[]): Promise<string> => {
    const key = walked.headers["x-api-key"] ?? "";
    const options = ["--silent", "--show-error", "--max-time", "20", "--header", `X-Api-Key: ${key}`];
    const { code, stdout, stderr } = await run("curl", ...options, ...args, url(path));
    if (code !== 0) throw new Error(`curl ${path}: ${code} ${stderr}`);
    return stdout;
  };
  const json = async (path: string, ...args: string[]): Promise<unknown> => JSON.parse(await curl(path, ...args));

  test("Python's standard library logs in, walks a job's life, and follows events over a break", async () => {
    const python = Bun.which("python3", { PATH: "/usr/bin:/bin:/usr/local/bin" }) ?? "python3";
    const script = join(import.meta.dir, "..", "fixtures", "current_client.py");
    const { code, stdout, stderr } = await run(python, script, walked.daemon.host, USER, PASSWORD);
    expect([code, stderr]).toEqual([0, ""]);
    const usage = "children cmdline cpu ctime mem mem_info1 mem_info2 nice os_pid pid rss username";
    expect(JSON.parse(stdout)).toEqual({
      "no key": 401,
      login: [200, true],
      "wrong key": 403,
      welcome: ["version", "welcome"],
      ping: [200, "OK"],
      "events type": "text/event-stream",
      load: [200, expect.objectContaining({ ok: true, name: "py.a", running: 2 })],
      "load twice": [[409, "process_conflict"]],
      sessions: [200, { sessions: ["py"] }],
      jobs: [
        [200, { jobs: ["py.a"] }],
        [200, { sessionid: "py", jobs: ["py.a"] }],
      ],
      info: ["py.a", true, 2, 0, 2],
      pids: [2, true],
      process: [true, "py.a", false],
      head: [200, "", true],
      stats: usage.split(" "),
      "job stats": 2,
      scale: [3, 1, 2],
      "bad scale": "bad_value",
      numprocesses: [200, { numprocesses: 2 }],
      signal: [
        [202, { ok: true }],
        [202, { ok: true }],
      ],
      "bad signal": "bad_signal",
      write: [200, { ok: true }],
      read: expect.stringContaining("from python"),
      update: 201,
      states: [[200, "1"], 202, 202, 202],
      commit: [200, true],
      stop: 202,
      unload: true,
      resumed: true,
      kinds: expect.arrayContaining(["exit", "reload", "spawn", "start", "stop", "unload", "update"]),
      gone: ["not_found", "not_found", "not_found"],
      "no route": "not_found",
      "no method": [405, "GET, HEAD, OPTIONS", "method_not_allowed"],
      "no json": "bad_request",
      options: [204, "GET, POST, HEAD, OPTIONS"],
      key: [200, ["api_key", "key", "ok"]],
      keys: true,
      "key gone": true,
    });
  });

  test("curl loads, reads, writes, scales and unloads", async () => {
    const job = JSON.stringify({ name: "a", cmd: "cat", redirect_input: true });
    expect(await json("/jobs/curl?wait=20", "--data", job)).toMatchObject({ ok: true, name: "curl.a", running: 1 });
    expect(await json("/jobs/curl")).toEqual({ sessionid: "curl", jobs: ["curl.a"] });
    const { pids } = Object(await json("/jobs/curl/a/pids"));
    expect(await json(`/${pids[0]}`)).toMatchObject({ pid: pids[0], cmd: "cat" });
    expect(await curl("/jobs/curl/a/state")).toBe("1");
    expect(await json("/jobs/curl/a/numprocesses?wait=20", "--data", '{"scale":"+2"}')).toMatchObject({ running: 3 });
    expect(await json(`/streams/${pids[0]}/stdin`, "--data-binary", "a line\n")).toEqual({ ok: true });
    while (!(await curl("/jobs/curl/a/logs")).includes("a line")) await Bun.sleep(5);
    expect(await curl("/jobs/curl/a/logs?tail=1", "--header", "Accept: application/x-ndjson")).toMatch(/"a line/);
    expect(await json("/jobs/curl/a", "--request", "PUT", "--data", '{"cmd":"sleep 1000"}')).toMatchObject({
      ok: true,
    });
    expect(await json("/jobs/curl/a?wait=20", "--request", "DELETE")).toMatchObject({ ok: true });
    expect(await json("/jobs/curl/a")).toMatchObject({ error: "not_found", code: "job_not_found" });
    expect(await curl("/jobs", "--head")).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*content-length: \d+\r\n/i);
    expect(await curl("/jobs/x/y", "--request", "OPTIONS", "--include")).toMatch(
      /^HTTP\/1\.1 204 [^]*\r\nallow: GET, PUT, /i,
    );
  });

  test("curl follows events and resumes them, and sends a body that it asks leave for first", async () => {
    for (const name of ["a", "b"]) {
      await json("/jobs/sse", "--data", JSON.stringify({ name, cmd: "true", start: false }));
    }
    /** What curl says until it matches; then it is ended. */
    const follow = async (pattern: RegExp, ...args: string[]): Promise<string> => {
      const key = `X-Api-Key: ${walked.headers["x-api-key"]}`;
      const argv = ["curl", "--silent", "--no-buffer", "--header", key, ...args];
      const child = Bun.spawn(argv, { stdio: ["ignore", "pipe", "ignore"] });
      let all = "";
      for await (const chunk of child.stdout) {
        all += new TextDecoder().decode(chunk);
        if (pattern.test(all)) break;
      }
      child.kill();
      await child.exited;
      return all;
    };
    const first = await follow(/"sse\.b"[^]*\n\n/, url("/events?since=0&pattern=load"));
    const id = /id: (\S+)\nevent: load\ndata: .*"sse\.a"/.exec(first)?.[1] ?? "";
    const rest = await follow(/"sse\.b"[^]*\n\n/, "--header", `Last-Event-ID: ${id}`, url("/events?pattern=load"));
    expect(rest.match(/"sse\.\w"/g)).toEqual(['"sse.b"']);
    expect(rest).not.toContain("event: gap");
    const large = JSON.stringify({ name: "large", cmd: "true", start: false, env: { A: "x".repeat(500_000) } });
    const body = `@${walked.daemon.dir.write("large.json", large)}`;
    const taken = await json("/jobs/sse", "--header", "Expect: 100-continue", "--data-binary", body);
    expect(taken).toEqual({ ok: true, name: "sse.large" });
  });
});
