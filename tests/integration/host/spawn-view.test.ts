import { describe, expect, test } from "bun:test";
import { closeSync, openSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { inheritableEnv } from "../../../src/host/child-environment.ts";
import { makePipe } from "../../../src/host/pipe.ts";
import { viewer } from "../../support/child-view.ts";
import { HostRun, ways } from "../../support/host-run.ts";
import { TempDir } from "../../support/temp-dir.ts";
import { waitFor } from "../../support/wait-for.ts";

const nul = "character special file";

describe.each(ways)("%s", (way, part) => {
  test("the way is the one meant", async () => {
    await using run = new HostRun();
    const child = await run.spawn(["true"], part).done();
    expect(child.toldAtOnce).toBe(way === "direct");
    expect(child.calls.toSorted()).toEqual(["closed", "emptied", "exited", "spawned"]);
  });

  test("own group and session, and the pid that was told", async () => {
    await using run = new HostRun();
    const child = await run.spawn(viewer, part).done();
    const pid = child.osPid ?? 0;
    expect((await run.view(part)).ids.pid).toBeGreaterThan(pid);
    expect(child.said()).toMatch(new RegExp(`^stat ${pid} \\(sh\\) \\S ${process.pid} ${pid} ${pid} `));
  });

  test("no signal is ignored or blocked", async () => {
    await using run = new HostRun();
    const view = await run.view(part);
    expect(view.status("SigIgn")).toBe("0000000000000000");
    expect(view.status("SigBlk")).toBe("0000000000000000");
  });

  test("the umask is kept", async () => {
    const before = process.umask(0o27);
    try {
      await using run = new HostRun();
      expect((await run.view(part)).status("Umask")).toBe("0027");
    } finally {
      process.umask(before);
    }
  });

  test("arguments, the name among them, come as they are", async () => {
    await using run = new HostRun();
    const args = ["sh", "-c", "tr '\\0' '\\n' </proc/$$/cmdline; :", "", " a b ", "ä€😀", "--version", "'\"\\$x"];
    const child = await run.spawn(args, part).done();
    expect(child.said()).toBe(`${args.join("\n")}\n`);
  });

  test("it runs in its cwd", async () => {
    await using run = new HostRun();
    expect((await run.view({ ...part, cwd: "/usr/share" })).cwd).toBe("/usr/share");
  });

  test("the environment is what was given, and no more", async () => {
    await using run = new HostRun();
    const env = {
      A: "1",
      EMPTY: "",
      "with-dash": "ä€😀",
      EQUALS: "a=b=c",
      BUN_BE_BUN: "1",
      BUN_OPTIONS: "--print 1",
      BUN_INSPECT: "1",
      NODE_OPTIONS: "--inspect",
      NODE_ENV: "staging",
      JSC_useJIT: "0",
      LD_LIBRARY_PATH: "/nowhere",
      LD_BIND_NOW: "1",
      MALLOC_ARENA_MAX: "1",
      MIMALLOC_VERBOSE: "1",
      GLIBC_TUNABLES: "glibc.malloc.check=0",
      GAFFER_LAUNCH_X: "mine",
      GAFFER_LAUNCH_BUN_X: "mine too",
      TZ: "Asia/Tokyo",
      NODE_TLS_REJECT_UNAUTHORIZED: "0",
    };
    expect((await run.view({ ...part, env })).env).toEqual(env);
    expect((await run.view({ ...part, env: {} })).env).toEqual({});
  });

  test("a tree found by its token adds the token, and nothing else", async () => {
    await using run = new HostRun("subreaper");
    const { env } = await run.view({ ...part, env: { A: "1" } });
    expect(env).toEqual({ A: "1", GAFFER_TOKEN: expect.stringMatching(/^[0-9a-f]{32}$/) });
  });

  test("stdout and stderr are real pipes, stdin is /dev/null, nothing else is open", async () => {
    await using run = new HostRun();
    expect((await run.view(part)).descriptors).toEqual({ 0: nul, 1: "fifo", 2: "fifo" });
  });

  test("what is open in us stays ours", async () => {
    await using run = new HostRun();
    const server = createServer().listen(0);
    using web = Bun.serve({ port: 0, fetch: () => new Response() });
    const file = openSync("/etc/passwd", "r");
    const ends = makePipe();
    try {
      expect((await run.view(part)).descriptors).toEqual({ 0: nul, 1: "fifo", 2: "fifo" });
      expect(web.port).toBeGreaterThan(0);
    } finally {
      server.close();
      for (const fd of [file, ends.readEnd, ends.writeEnd]) closeSync(fd);
    }
  });

  test("input is a pipe, one label is stdout alone, none is /dev/null for both", async () => {
    await using run = new HostRun();
    const child = run.spawn(viewer, { ...part, outputs: ["out"], input: true });
    await child.says(/^fd 2 /m);
    await child.done();
    expect(child.said()).toMatch(/^fd 0 \d+ fifo\nfd 1 \d+ fifo\nfd 2 \d+ character special file$/m);
    const silent = await run.sh("[ /dev/stdout -ef /dev/null ] && [ /dev/stderr -ef /dev/null ]", {
      ...part,
      outputs: [],
    });
    expect(silent.status).toEqual({ code: 0, signal: null });
  });

  test("/dev/stdout, /dev/stderr and /dev/stdin can be opened", async () => {
    await using run = new HostRun();
    const child = run.spawn(["sh", "-c", "cat /dev/stdin >/dev/stdout; echo e >/dev/stderr"], { ...part, input: true });
    child.process?.write(Buffer.from("typed"));
    child.process?.endInput();
    await child.done();
    expect([child.said("out"), child.said("err")]).toEqual(["typed", "e\n"]);
  });

  test("one label for both is one pipe, in true order", async () => {
    await using run = new HostRun();
    const script = "i=0; while [ $i -lt 200 ]; do echo o$i; echo e$i >&2; i=$((i+1)); done";
    const child = await run.sh(script, { ...part, outputs: ["both", "both"] });
    const wanted = Array.from({ length: 200 }, (_, i) => `o${i}\ne${i}\n`).join("");
    expect(child.said("both")).toBe(wanted);
  });

  test("custom streams carry both directions and are told by number", async () => {
    await using run = new HostRun();
    const streams = ["ctl", "side-band"];
    const script = `read line <&$GAFFER_STREAM_CTL_FD; echo "got $line" >&$GAFFER_STREAM_CTL_FD; echo side >&$GAFFER_STREAM_SIDE_BAND_FD; env`;
    const child = run.spawn(["sh", "-c", script], { ...part, streams });
    child.process?.write(Buffer.from("hello\n"), "ctl");
    await child.done();
    expect([child.said("ctl"), child.said("side-band")]).toEqual(["got hello\n", "side\n"]);
    expect(child.said()).toContain("GAFFER_STREAM_CTL_FD=3\n");
    expect(child.said()).toContain("GAFFER_STREAM_SIDE_BAND_FD=4\n");
    const view = await run.view({ ...part, streams });
    expect(view.descriptors).toEqual({ 0: nul, 1: "fifo", 2: "fifo", 3: "socket", 4: "socket" });
  });

  test("many streams, numbered in order", async () => {
    await using run = new HostRun();
    const streams = Array.from({ length: 40 }, (_, i) => `s${i}`);
    // A shell redirects one digit only; python writes to any number.
    const script = "import os\nfor n in range(40): os.write(3 + n, b's%d' % n)";
    const child = await run.spawn(["/usr/bin/python3", "-c", script], { ...part, streams }).done();
    expect(child.error).toBeUndefined();
    expect(streams.map((label) => child.said(label))).toEqual(streams);
  });

  test("channels come after the streams", async () => {
    const ends = makePipe();
    try {
      await using run = new HostRun();
      const more = { ...part, streams: ["a"], channels: [ends.writeEnd, ends.readEnd] };
      const child = await run.sh("echo over >&4; read back <&5; echo $back", more);
      expect(child.said()).toBe("over\n");
      expect((await run.view(more)).descriptors).toEqual({
        0: nul,
        1: "fifo",
        2: "fifo",
        3: "socket",
        4: "fifo",
        5: "fifo",
      });
    } finally {
      for (const fd of Object.values(ends)) closeSync(fd);
    }
  });
});

test("both ways give the same view", async () => {
  await using run = new HostRun();
  const views: unknown[] = [];
  for (const [, part] of ways) {
    const view = await run.view({ ...part, env: { A: "1" }, streams: ["x"], input: true });
    const { "Max core file size": core, ...limits } = view.limits;
    expect(core).toBeDefined();
    views.push({ ...view.statuses, ...limits, ...view.descriptors, env: view.env, args: view.args, cwd: view.cwd });
  }
  expect(views[1]).toEqual(views[0]);
});

test("what is gaffer's own is not handed on", () => {
  const kept = { PATH: "/bin", NODE_ENV: "x", LISTEN: "1", MY_BUN_X: "1", GAFFER_JOB: "j" };
  const own = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"];
  const more = ["GAFFER_API_KEY", "GAFFER_TOKEN", "GAFFER_STREAM_CTL_FD", "BUN_OPTIONS", "BUN_BE_BUN"];
  const hidden = Object.fromEntries([...own, ...more, "NODE_CHANNEL_FD"].map((name) => [name, "1"]));
  expect(inheritableEnv({ ...kept, ...hidden, GONE: undefined })).toEqual(kept);
});

test.each([
  ["200 direct", 200, {}],
  ["30 trampoline", 30, { rlimits: { core: { soft: 0, hard: 0 } } }],
] as const)("%s at once leave nothing open", async (_way, count, part) => {
  await using run = new HostRun();
  const all = { ...part, input: true, streams: ["x"] };
  await run.spawn(["true"], all).done();
  const before = readdirSync("/proc/self/fd");
  const children = Array.from({ length: count }, () => run.spawn(["true"], all));
  for (const child of children) expect((await child.done()).status).toEqual({ code: 0, signal: null });
  await waitFor(
    () => readdirSync("/proc/self/fd").length <= before.length,
    () => `only ${before.join()}, not ${readdirSync("/proc/self/fd").join()}`,
  );
});

test("what lies in a job's folder does not change its start", async () => {
  using dir = new TempDir({
    "bunfig.toml": 'preload = ["./no-such-file.ts"]\n',
    ".env": "FROM_RUNTIME=1\n",
    "package.json": "no json",
    "tsconfig.json": "no json",
  });
  await using run = new HostRun();
  for (const [, part] of ways) {
    const view = await run.view({ ...part, cwd: dir.path, env: { A: "1" } });
    expect(view.env).toEqual({ A: "1" });
  }
});
