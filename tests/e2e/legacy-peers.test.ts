import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { RunningDaemon } from "../support/running-daemon.ts";

setDefaultTimeout(60_000);

const fixture = (name: string): string => join(import.meta.dir, "..", "fixtures", name);

/** Runs a program to its end, and gives what it said. */
async function run(...command: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = Bun.spawn(command, { stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, stdout, stderr };
}

/** The documents' example: numbered lines on both outputs. */
const talker = 'n=0; while :; do n=$((n+1)); echo "STDOUTi $n"; echo "STDERR $n" >&2; sleep 0.02; done';

const curl = (...args: string[]): Promise<{ code: number; stdout: string }> =>
  run("curl", "--silent", "--show-error", "--max-time", "20", ...args);

describe("curl, as the documents of gaffer show it", () => {
  let daemon: RunningDaemon;
  beforeAll(async () => {
    daemon = await RunningDaemon.start();
    const labels = { redirect_output: ["stdout", "stderr"] };
    const jobs = [
      { name: "talker", cmd: talker.replaceAll("$", "$$"), shell: true, ...labels },
      { name: "echo", cmd: "cat", redirect_input: true, ...labels },
    ];
    for (const job of jobs) await daemon.request("POST /processes?wait=10", job);
  });
  afterAll(() => daemon[Symbol.asyncDispose]());

  const url = (path: string): string => `http://${daemon.host}${path}`;

  /** What curl says until it matches; then it is ended. */
  async function follow(pattern: RegExp, path: string): Promise<string> {
    const child = Bun.spawn(["curl", "--silent", "--no-buffer", url(path)], { stdio: ["ignore", "pipe", "ignore"] });
    let all = "";
    for await (const chunk of child.stdout) {
      all += new TextDecoder().decode(chunk);
      if (pattern.test(all)) break;
    }
    child.kill();
    await child.exited;
    return all;
  }

  test("a stream as it comes, as events, and its next piece", async () => {
    const continuous = await follow(/(STDERR \d+\n){5}/, "/streams/1/stderr?feed=continuous");
    const numbers = [...continuous.matchAll(/^STDERR (\d+)\n/gm)].map(([, digits]) => Number(digits));
    expect(continuous).toBe(numbers.map((number) => `STDERR ${number}\n`).join(""));
    expect(numbers).toEqual(numbers.map((_, at) => (numbers[0] ?? 0) + at));
    const events = await follow(/(event: stderr\ndata: STDERR \d+\n[^]*){3}/, "/streams/1/stderr?feed=eventsource");
    expect(events).toMatch(/event: stderr\ndata: STDERR \d+\n(data: .*\n)*\n/);
    expect((await curl(url("/streams/1/stderr?feed=longpoll"))).stdout).toMatch(/^(STDERR \d+\n)+$/);
    expect((await curl(url("/streams/1/stdout?feed=longpoll"))).stdout).toMatch(/^(STDOUTi \d+\n)+$/);
  });

  test("what is written to stdin comes back", async () => {
    const polled: string[] = [];
    const polling = curl(url("/streams/2/stdout?feed=longpoll")).then(({ stdout }) => polled.push(stdout));
    // The long poll may not be listening yet.
    while (polled.length === 0) {
      const { stdout } = await curl("-XPOST", "-d", "ECHO\n", url("/streams/2/stdin"));
      expect(JSON.parse(stdout)).toEqual({ ok: true });
    }
    await polling;
    expect(polled[0]).toMatch(/^(ECHO\n)+$/);
    expect(JSON.parse((await curl("-XPOST", "-d", "ECHO\n", url("/streams/2/ttin"))).stdout)).toEqual({ ok: true });
  });

  test("processes, their ids, status, stats and groups", async () => {
    const json = async (...args: string[]): Promise<unknown> => JSON.parse((await curl(...args)).stdout);
    expect(await json(url("/processes"))).toEqual(["talker", "echo"]);
    expect(await json(url("/processes/echo/_pids"))).toEqual({ ok: true, pids: [2] });
    expect(await json("-XPOST", url("/processes/echo/_add/2"))).toMatchObject({ ok: true, numprocesses: 3 });
    expect(await json("-XPOST", url("/processes/echo/_sub/2?wait=10"))).toMatchObject({ ok: true, numprocesses: 1 });
    expect(await json(url("/status/echo"))).toEqual({ active: true, running: 1, max_processes: 1, numprocesses: 1 });
    expect(await json(url("/stats/echo"))).toMatchObject({ name: "echo", stats: [{ pid: 2, cmdline: "cat" }] });
    expect(await json(url("/groups/default"))).toEqual(["talker", "echo"]);
    const stats = await follow(/(event: stat\ndata: .*\n\n[^]*){2}/, "/stats/echo/2?feed=eventsource");
    expect(stats).toMatch(/data: \{.*"mem_info1":"\d+[KM]".*\}/);
    const refused = await curl("--write-out", "%{http_code}", "--output", "/dev/null", url("/processes/nobody"));
    expect(refused.stdout).toBe("404");
    expect((await curl("--head", url("/processes/echo"))).stdout).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  });

  test("what happens, as events and one by one", async () => {
    const polling = curl(url("/watch?since=0"));
    expect(JSON.parse((await polling).stdout)).toMatchObject({ event: "create", name: "talker", seq: 1 });
    const events = await follow(/event: proc\.echo\.spawn\ndata: .*\n\n/, "/watch/proc/echo?feed=eventsource&since=0");
    expect(events).toMatch(
      /id: [0-9a-f]+-\d+\nevent: proc\.echo\.create\ndata: \{"event":"proc\.echo\.create","name":"echo"/,
    );
  });
});

test("a Python program of the standard library walks the httpclient's example, and all routes", async () => {
  await using daemon = await RunningDaemon.start();
  const python = Bun.which("python3", { PATH: "/usr/bin:/bin:/usr/local/bin" }) ?? "python3";
  const { code, stdout, stderr } = await run(
    python,
    fixture("legacy_client.py"),
    daemon.host,
    fixture("legacy_dummy.sh"),
  );
  expect([code, stderr]).toEqual([0, ""]);
  const kinds = "exit stop stop_pid update".split(" ").map((kind) => `proc.dummy.${kind}`);
  expect(JSON.parse(stdout)).toEqual({
    loaded: { active: false, running: 0, max_processes: 1, numprocesses: 1 },
    added: 3,
    stopped: false,
    version: ["version", "welcome"],
    processes: ["dummy"],
    twice: [409, "conflict"],
    "bad json": [400, "invalid_json"],
    "bad process": [400, "invalid_process_info"],
    "is process": [200, 404],
    settings: ["dummy", `sh ${fixture("legacy_dummy.sh")}`, false],
    updated: { ok: true },
    running: true,
    template: "dummy",
    signal: { ok: true },
    "bad signal": [400, "bad_value"],
    "bad action": [404, "not_found"],
    stats: "children cmdline cpu ctime mem mem_info1 mem_info2 nice os_pid pid rss username".split(" "),
    "job stats": 3,
    "all stats": ["dummy"],
    written: { ok: true },
    echo: ["stdout", expect.stringContaining("ECHO")],
    "watch type": "text/event-stream",
    "no gap": true,
    events: expect.arrayContaining(kinds),
    groups: [
      ["default", "ga", "gb"],
      ["ga:a", "ga:b"],
    ],
    "group stopped": 0,
    "group started": 2,
    "group removed": true,
    left: ["dummy", "gb:a"],
    end: [],
  });
});
