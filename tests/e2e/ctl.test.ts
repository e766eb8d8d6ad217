import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { gafferBinary } from "../support/gaffer-binary.ts";
import { DaemonPlace } from "../support/daemon-place.ts";
import { type GafferEnd, runGaffer } from "../support/gaffer-run.ts";

setDefaultTimeout(60_000);

const stubborn = `trap '' TERM; echo ready; while :; do sleep 0.05; done`;

const ok = (stdout: string): GafferEnd => ({ code: 0, stdout, stderr: "" });
const scaled = (job: string, count: number): string => `Scaling ${job} processes... done, now running ${count}\n`;

describe("gaffer ctl", () => {
  let place: DaemonPlace;
  beforeAll(async () => {
    place = new DaemonPlace();
    await place.start();
  });
  afterAll(() => place[Symbol.asyncDispose]());

  test("loads a job, tells how it stands, changes it and unloads it, under the names of 0.4 and 0.5", async () => {
    const ctl = (...args: string[]): Promise<GafferEnd> => place.ctl(...args);
    expect(await ctl("add_process", "web", "sleep", "1000")).toEqual(ok("default.web loaded, not started\n"));
    expect(await ctl("status", "web")).toEqual(ok("stopped\n"));
    expect(await ctl("start", "web")).toEqual(ok("default.web started, now running 1\n"));
    expect(await ctl("status", "web")).toEqual(ok("active\n"));
    expect(await ctl("add", "web", "2")).toEqual(ok("3\n"));
    expect(await ctl("add", "web")).toEqual(ok("4\n"));
    expect(await ctl("sub", "web")).toEqual(ok("3\n"));
    expect(await ctl("numprocesses", "web")).toEqual(ok("3\n"));
    expect(await ctl("running", "default.web")).toEqual(ok("3\n"));
    expect(await ctl("processes")).toEqual(ok("default.web\n"));
    expect((await ctl("processes", "--running")).stdout).toBe((await ctl("pids")).stdout);
    expect((await ctl("pids", "web")).stdout.trim().split("\n")).toHaveLength(3);
    expect(JSON.parse((await ctl("get_process", "web")).stdout)).toMatchObject({ name: "default.web", cmd: "sleep" });
    expect(await ctl("update_process", "web", "sleep 2000")).toEqual(ok("default.web updated, now running 3\n"));
    expect(await place.json("ctl", "info", "web")).toMatchObject({
      config: { cmd: "sleep 2000", args: [] },
      running: 3,
    });
    expect(await ctl("restart", "web")).toEqual(ok("default.web restarted, now running 3\n"));
    expect(await ctl("reload", "web")).toEqual(ok("default.web reloaded, now running 1\n"));
    expect(await ctl("stop", "web")).toEqual(ok("default.web stopped\n"));
    expect(await ctl("start", "web")).toEqual(ok("default.web started, now running 1\n"));
    expect(await ctl("del_process", "web")).toEqual(ok("default.web unloaded\n"));
    expect(await ctl("jobs")).toEqual(ok(""));
  });

  test("load starts what load_process does not; files hold one job or several; stdin is a file", async () => {
    place.dir.write("a.json", JSON.stringify({ name: "f.a", cmd: "sleep 1000" }));
    const several = JSON.stringify({
      jobs: [
        { name: "f/b", cmd: "sleep 1000", start: true },
        { name: "f:c", cmd: "sleep 1000" },
      ],
    });
    expect(await place.ctl("load", "a.json")).toEqual(ok("f.a loaded, now running 1\n"));
    const input = { input: several };
    expect(await place.run(["ctl", "load_process", "-"], input)).toEqual(
      ok("f.b loaded, now running 1\nf.c loaded, not started\n"),
    );
    expect(await place.ctl("jobs", "f")).toEqual(ok("f.a\nf.b\nf.c\n"));
    const again = await place.run(["ctl", "load", "-"], input);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('job "f.b"')]);
    expect(await place.ctl("unload", "f.a", "f.b", "f.c")).toEqual(ok("f.a unloaded\nf.b unloaded\nf.c unloaded\n"));
    expect(await place.run(["ctl", "load_process", "--start", "a.json"])).toEqual(ok("f.a loaded, now running 1\n"));
    expect((await place.ctl("unload", "f.a")).code).toBe(0);
  });

  test("scale: the last operator wins, both ways to write it, several at once, never below none", async () => {
    for (const name of ["s", "s-1", "t"]) await place.ctl("add_process", "--start", name, "sleep 1000");
    expect(await place.ctl("scale", "s=3", "s-1+1", "default.t=0")).toEqual(
      ok(scaled("s", 3) + scaled("s-1", 2) + scaled("default.t", 0)),
    );
    expect(await place.ctl("scale", "t", "+2")).toEqual(ok(scaled("t", 2)));
    const ambiguous = await place.ctl("scale", "s-1");
    expect([ambiguous.code, ambiguous.stderr]).toEqual([2, expect.stringContaining("write s-1=N")]);
    expect(await place.ctl("scale", "t-9")).toEqual({
      code: 0,
      stdout: scaled("t", 0),
      stderr: "gaffer: t: fewer than none can't be: it is 0 now\n",
    });
    const unknown = await place.ctl("scale", "nope=2");
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('"default.nope"')]);
    for (const name of ["s", "s-1", "t"]) await place.ctl("unload", name);
  });

  test("every reading command has --json, and it parses", async () => {
    await place.ctl("add_process", "--start", "j.web", "sleep 1000");
    const commands: [string[], unknown][] = [
      [["status"], [expect.objectContaining({ name: "j.web", state: "running" })]],
      [["status", "j.web"], expect.objectContaining({ name: "j.web" })],
      [["jobs"], ["j.web"]],
      [["jobs", "j"], ["j.web"]],
      [["sessions"], ["j"]],
      [["pids"], [expect.any(Number)]],
      [["pids", "j.web"], [expect.any(Number)]],
      [["processes"], ["j.web"]],
      [["processes", "--running"], [expect.any(Number)]],
      [["info", "j.web"], expect.objectContaining({ name: "j.web" })],
      [["info", "j.web.1"], expect.objectContaining({ name: "j.web", slot: 1 })],
      [["get_process", "j.web"], expect.objectContaining({ name: "j.web" })],
      [["stats"], [expect.objectContaining({ name: "j.web" })]],
      [["stats", "j.web"], expect.objectContaining({ name: "j.web" })],
      [["stats", "j.web.1"], expect.objectContaining({ os_pid: expect.any(Number) })],
      [["numprocesses", "j.web"], 1],
      [["running", "j.web"], 1],
      [["ping"], "OK"],
      [["version"], expect.objectContaining({ name: "gaffer" })],
    ];
    for (const [args, body] of commands) {
      const said: unknown = await place.json("ctl", ...args);
      expect([args, said]).toEqual([args, body]);
    }
    expect(await place.said("ctl", "status")).toMatch(
      /^JOB +STATE +RUNNING +PIDS +UPTIME +RESTARTS +WHY\nj\.web +running +1\/1 +\d+ +\d+s +0\n$/,
    );
    expect(await place.said("ctl", "info", "j.web.1")).toContain("\nname: j.web\n");
    expect(await place.said("ctl", "stats")).toMatch(
      /\nj\.web +\d+ +\d+ +[\d.]+ +[\d.]+ +\w+ +\d+:\d\d\.\d\d +\S+ +.*sleep/,
    );
    await place.ctl("unload", "j.web");
  });

  test("a process that had to be killed is told; so is one that does not run, with 1", async () => {
    const job = { name: "k", cmd: stubborn, shell: true, graceful_timeout: 0.1, numprocesses: 2 };
    expect((await place.run(["ctl", "load", "-"], { input: JSON.stringify(job) })).code).toBe(0);
    await place.until((text) => text.split("ready").length === 3, "ctl", "logs", "k");
    const { code, stdout, stderr } = await place.ctl("stop", "k");
    expect([code, stdout, stderr.split("\n").toSorted()]).toEqual([
      0,
      "default.k stopped\n",
      ["", "gaffer: default.k.1 had to be killed", "gaffer: default.k.2 had to be killed"],
    ]);
    await place.ctl("unload", "k");
    const bad = await place.ctl("add_process", "--start", "bad", "/nowhere/command");
    expect(bad).toEqual({
      code: 1,
      stdout: "default.bad loaded, running 0 of 1\n",
      stderr: expect.stringMatching(/^gaffer: default\.bad\.1 does not run: .*\/nowhere\/command/),
    });
    const worse = await place.ctl("scale", "bad=2");
    expect([worse.code, worse.stdout]).toEqual([1, "Scaling bad processes... not done, running 0 of 2\n"]);
    expect(await place.said("ctl", "status")).toContain("/nowhere/command");
    expect((await place.ctl("unload", "bad")).code).toBe(0);
  });

  test("--no-wait only asks; a --wait that is not reached is 1, and what was begun goes on", async () => {
    const job = { name: "w", cmd: stubborn, shell: true, graceful_timeout: 0.5 };
    await place.run(["ctl", "load", "-"], { input: JSON.stringify(job) });
    await place.until((text) => text.includes("ready"), "ctl", "logs", "w");
    const late = await place.ctl("stop", "w", "--wait=0.01");
    expect([late.code, late.stdout]).toEqual([1, ""]);
    expect(late.stderr).toBe("gaffer: Cannot tell the end: it was not reached in 0.01 s; what was begun goes on\n");
    await place.until((text) => JSON.parse(text).state === "stopped", "ctl", "info", "w", "--json");
    expect(await place.ctl("start", "w", "--no-wait")).toEqual(ok("default.w: asked for\n"));
    expect(await place.ctl("scale", "w=0", "--no-wait")).toEqual(ok("Scaling w processes... asked for, 0 wanted\n"));
    expect(await place.ctl("unload", "w", "--no-wait")).toEqual(ok("default.w: asked for\n"));
    await place.until((text) => text === "", "ctl", "pids");
  });

  test.each<[number, string[], RegExp]>([
    [1, ["start", "nope"], /Cannot find job "default\.nope"/],
    [1, ["info", "99999"], /99999/],
    [1, ["info", "nope.1"], /nope/],
    [1, ["kill", "99999", "HUP"], /99999/],
    [1, ["jobs", "nope"], /nope/],
    [1, ["start", "a b"], /Cannot use job name "a b"/],
    [2, ["-g", "unix:/s"], /see "gaffer help ctl"/],
    [2, ["help", "statsu"], /did you mean "status"/],
    [2, ["statsu"], /did you mean "status"/],
    [2, ["status", "--jsno"], /did you mean "--json"/],
    [2, ["status", "a", "b"], /at most 1/],
    [2, ["start"], /name a job/],
    [2, ["info"], /name a job/],
    [2, ["get_process"], /name a job/],
    [2, ["numprocesses"], /name a job/],
    [2, ["commit"], /name a job/],
    [2, ["stop_process"], /name a process/],
    [2, ["kill", "web"], /the signal/],
    [2, ["add", "web", "x"], /takes a number/],
    [2, ["add_process", "web"], /its command/],
    [2, ["update_process", "web"], /its new command/],
    [2, ["scale", "3"], /a number alone/],
    [2, ["scale"], /say how/],
    [2, ["load"], /name a file/],
    [2, ["load", "missing.json"], /ENOENT/],
    [2, ["logs", "--since", "yesterday"], /--since "yesterday"/],
    [2, ["send", "web"], /what to write/],
    [2, ["commit", "web", "-e", "X"], /NAME=VALUE/],
    [2, ["jobs", "-g", "nonsense://x"], /--endpoint/],
  ])("exit code %i: ctl %j", async (code, args, words) => {
    expect(await place.ctl(...args)).toEqual({ code, stdout: "", stderr: expect.stringMatching(words) });
  });

  test("nobody at the address: 3 with the way out, wherever it is given", async () => {
    const cwd = place.dir.path;
    const nobody = `unix:${cwd}/none.sock`;
    const calls = [
      ["ctl", "jobs", "-g", nobody],
      ["--endpoint", nobody, "ctl", "watch"],
      ["ctl", "-g", nobody, "shutdown"],
    ];
    for (const args of calls) {
      const { code, stdout, stderr } = await runGaffer(args, { cwd, endpoint: place.endpoint });
      expect([code, stdout, stderr]).toEqual([3, "", expect.stringContaining(`Cannot reach a daemon at ${nobody}: `)]);
      expect(stderr).toContain('start one with "gaffer daemon"');
    }
    expect((await runGaffer(["ctl", "ping"], { cwd, endpoint: nobody })).code).toBe(3);
    expect(await runGaffer(["ctl", "ping", "-g", place.endpoint], { cwd, endpoint: nobody })).toEqual(ok("OK\n"));
  });

  test("without an address it is the runtime socket, if a daemon is there", async () => {
    await using other = new DaemonPlace();
    const env = { XDG_RUNTIME_DIR: other.dir.path };
    const at = { cwd: other.dir.path, env };
    expect((await runGaffer(["ctl", "ping"], at)).stderr).toContain("127.0.0.1:5000");
    other.dir.write("gaffer/not-yet", "");
    const daemon = Bun.spawn(
      [
        gafferBinary(),
        "daemon",
        "--bind",
        `unix:${other.dir.file("gaffer/gaffer.sock")}`,
        "--state-dir",
        other.dir.file("st"),
      ],
      { stdio: ["ignore", "ignore", "ignore"], env: { ...process.env, ...env } },
    );
    try {
      while ((await runGaffer(["ctl", "ping"], at)).code !== 0) expect(daemon.exitCode).toBeNull();
    } finally {
      daemon.kill();
      await daemon.exited;
    }
  });

  test("a reader that goes away is no error", async () => {
    for (let n = 0; n < 20; n++) await place.ctl("add_process", `many.job${n}`, "sleep 1");
    for (const args of ["ctl watch --since 0", "ctl jobs", "ctl status"]) {
      const command = `"$GAFFER" ${args} | head -1; echo "\${PIPESTATUS[0]}"`;
      const shell = Bun.spawn(["bash", "-c", command], {
        env: { ...process.env, GAFFER: gafferBinary(), GAFFER_ENDPOINT: place.endpoint, NO_COLOR: "1" },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const [stdout, stderr] = await Promise.all([shell.stdout.text(), shell.stderr.text()]);
      expect([args, stdout.split("\n").length, stdout.split("\n")[1], stderr]).toEqual([args, 3, "0", ""]);
    }
    await place.run(["unload", "many"]);
  });

  test("help of each command, before and after its name", async () => {
    for (const args of [
      ["help", "ctl", "scale"],
      ["ctl", "help", "scale"],
      ["ctl", "scale", "--help"],
      ["ctl", "-h", "scale"],
    ]) {
      expect(await place.said(...args)).toContain("gaffer ctl scale web=3 worker+2 api-1");
    }
    const overview = await place.said("help", "ctl");
    for (const name of ["status", "add_process", "del_process", "stop_process", "numprocesses", "watch", "shutdown"]) {
      expect(overview).toContain(name);
    }
  });

  test("shutdown returns when the daemon has gone, and nothing is left", async () => {
    await using other = new DaemonPlace();
    await other.start();
    const job = {
      name: "slow",
      cmd: "trap 'sleep 0.3; exit' TERM; echo ready; while :; do sleep 0.02; done",
      shell: true,
    };
    await other.run(["ctl", "load", "-"], { input: JSON.stringify(job) });
    await other.until((text) => text.includes("ready"), "ctl", "logs", "slow");
    const late = await other.ctl("shutdown", "--wait=0.01");
    expect([late.code, late.stderr]).toEqual([1, expect.stringContaining("has not stopped in 0.01 s")]);
    const { code, signal } = await other.daemon.ended();
    expect([code, signal]).toEqual([0, null]);
    await other.start();
    expect(await other.ctl("shutdown")).toEqual(ok("the daemon has stopped\n"));
    expect((await other.daemon.ended()).code).toBe(0);
    expect((await other.ctl("ping")).code).toBe(3);
    expect(other.daemon.stderr).not.toContain("ERROR");
  });

  test("no bug was met", async () => {
    expect(await place.said("ctl", "pids")).toBe("");
    expect(place.daemon.stderr).not.toContain("ERROR");
  });
});
