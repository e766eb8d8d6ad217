import { afterAll, describe, expect, test } from "bun:test";
import { basename } from "node:path";
import { markedProcesses } from "../support/marked-processes.ts";
import { gafferBinary } from "../support/gaffer-binary.ts";
import { RunningGaffer } from "../support/running-gaffer.ts";
import { TempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

/** Seconds that only the children of this file sleep: what is left of them is found by it. */
const mark = `87${process.pid}.5`;
const sleeper = `exec sleep ${mark}`;

afterAll(() => expect(markedProcesses(mark)).toEqual([]));

interface Files {
  readonly [name: string]: string;
}

/** Runs gaffer to its own end. */
async function run(
  files: Files,
  args: readonly string[],
  env: Record<string, string | undefined> = {},
): Promise<{
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}> {
  using dir = new TempDir(files);
  await using gaffer = new RunningGaffer(["start", ...args], { cwd: dir.path, env });
  const { code } = await gaffer.ended();
  return { code, stdout: gaffer.stdout, stderr: gaffer.stderr };
}

/** What one process said, in order. */
const saidBy = (stdout: string, name: string): string[] =>
  stdout
    .split("\n")
    .filter((line) => line.slice(9).startsWith(`${name} `))
    .map((line) => line.slice(line.indexOf("| ") + 2));

/** What a process that runs once said, without what gaffer says of it. */
async function heard(
  files: Files,
  args: readonly string[] = [],
  env: Record<string, string | undefined> = {},
): Promise<string[]> {
  const { stdout } = await run(files, ["--no-restart", ...args], env);
  return saidBy(stdout, "p.1").filter((line) => !/^(started with pid \d+|exited with code \d+)$/.test(line));
}

describe("output", () => {
  test("each line has time, padded name and slot before it", async () => {
    const { stdout } = await run({ Procfile: "web: echo hi\nlonger-name: echo there\n" }, ["--no-restart"]);
    expect(stdout).toMatch(/^\d\d:\d\d:\d\d web\.1 {9}\| hi$/m);
    expect(stdout).toMatch(/^\d\d:\d\d:\d\d longer-name\.1 \| there$/m);
    expect(stdout).toMatch(/^\d\d:\d\d:\d\d web\.1 {9}\| started with pid \d+$/m);
    expect(stdout).toMatch(/^\d\d:\d\d:\d\d web\.1 {9}\| exited with code 0$/m);
    expect(stdout).not.toContain("\u001b");
  });

  test("is coloured when that is forced, and not when it is refused", async () => {
    const files = { Procfile: "web: echo hi\n" };
    const forced = { NO_COLOR: undefined, FORCE_COLOR: "1" };
    expect((await run(files, ["--no-restart"], forced)).stdout).toMatch(
      /\u001b\[36m\d\d:\d\d:\d\d web\.1 \|\u001b\[39m hi\n/,
    );
    expect((await run(files, ["--no-restart", "--no-color"], forced)).stdout).not.toContain("\u001b");
  });

  test("--json is one object a line", async () => {
    const { stdout } = await run({ Procfile: "p: echo hi; echo there >&2\n" }, ["--no-restart", "--json"]);
    const records = stdout
      .trimEnd()
      .split("\n")
      .map((line): Record<string, unknown> => JSON.parse(line));
    const lines = records
      .filter((record) => "text" in record)
      .map(({ slot, stream, text }) => ({ slot, stream, text }));
    expect(lines.toSorted((a, b) => String(a.text).localeCompare(String(b.text)))).toEqual([
      { slot: 1, stream: "stdout", text: "hi" },
      { slot: 1, stream: "stderr", text: "there" },
    ]);
    expect(records.filter(({ event }) => event === "exit")).toMatchObject([{ slot: 1, exit_code: 0 }]);
  });

  test("a reader that goes away ends the run, and leaves nothing", async () => {
    using dir = new TempDir({ Procfile: `p: echo hi; ${sleeper}\nq: while :; do echo more; sleep 0.05; done\n` });
    const script = '{ "$0" start; echo "$?" >&2; } | head -n 1 > /dev/null';
    const child = Bun.spawn(["sh", "-c", script, gafferBinary()], {
      cwd: dir.path,
      stdio: ["ignore", "ignore", "pipe"],
    });
    expect(await child.stderr.text()).toBe("0\n");
    expect(markedProcesses(mark)).toEqual([]);
  });
});

describe("environment", () => {
  test("each process knows its name, its job and its port", async () => {
    const procfile = "a: echo $PS $PORT $GAFFER_JOB $GAFFER_PROCESS_ID\nb: sh -c 'echo $PS $PORT'\n";
    const { stdout } = await run({ "shop/Procfile": procfile }, [
      "-d",
      "shop",
      "-c",
      "a=2",
      "-p",
      "7000",
      "--no-restart",
    ]);
    expect(saidBy(stdout, "a.1")).toContain("a.1 7000 shop.a 1");
    expect(saidBy(stdout, "a.2")).toContain("a.2 7001 shop.a 2");
    expect(saidBy(stdout, "b.1")).toContain("b.1 7100");
  });

  test("is the user's, .env over it, -e over that, in their order", async () => {
    const files = {
      Procfile: "p: echo $A $B $C $D\n",
      ".env": "A=file\nB=file\nC=file\n",
      "more.env": "B=more\nC=more\n",
    };
    const user = { A: "user", B: "user", C: "user", D: "user" };
    expect(await heard(files, ["-e", "more.env", "-e", "C=last one"], user)).toEqual(["file more last one user"]);
  });

  test("PORT comes from -p, else .env, else the user's environment", async () => {
    const files = { Procfile: "p: echo $PORT\n", ".env": "PORT=6000\n" };
    expect(await heard(files, ["-p", "7000"], { PORT: "6500" })).toEqual(["7000"]);
    expect(await heard(files, [], { PORT: "6500" })).toEqual(["6000"]);
    expect(await heard({ Procfile: "p: echo $PORT\n" }, [], { PORT: "6500" })).toEqual(["6500"]);
  });

  test("a port that is taken moves all of them on, and that is said", async () => {
    using dir = new TempDir({ Procfile: "p: echo port $PORT\n" });
    // Another program of this machine may hold 5000 already; then it is that one that gaffer makes way for.
    let holder: { stop(close: boolean): void } | undefined;
    try {
      holder = Bun.listen({ hostname: "127.0.0.1", port: 5000, socket: { data() {} } });
    } catch (error) {
      expect(error).toMatchObject({ code: "EADDRINUSE" });
    }
    await using gaffer = new RunningGaffer(["start", "--no-restart"], { cwd: dir.path, env: { PORT: undefined } });
    await gaffer.ended();
    holder?.stop(true);
    expect(gaffer.stderr).toMatch(/port 5000 is taken, so PORT begins at 5\d00 \(choose with -p\)/);
    expect(saidBy(gaffer.stdout, "p.1").join()).toMatch(/port 5[1-9]00/);
  });

  test("holds nothing that only gaffer should know", async () => {
    const secrets = { NOTIFY_SOCKET: "/x", LISTEN_FDS: "1", LISTEN_PID: "1", BUN_OPTIONS: "", BUN_BE_NOTHING: "1" };
    const seen = await heard({ Procfile: "p: env\n" }, [], secrets);
    expect(seen.filter((line) => /^(NOTIFY_SOCKET|LISTEN_|BUN_)/.test(line))).toEqual([]);
    expect(seen).toContain("PS=p.1");
  });
});

describe("a command", () => {
  test.each([
    ["echo 'a  b' \"$GREETING\"", "directly", "a  b hello you"],
    ["echo '$GREETING' \\$GREETING $$", "directly, quotes kept", "$GREETING $GREETING $"],
    ["echo ${GREETING}x", "by sh, since it holds braces", "hello youx"],
    ["echo ${NO_SUCH:-none} | tr n N", "by sh", "NoNe"],
    ["X=1 printenv X", "by sh, since it begins with an assignment", "1"],
    ["cd / && pwd", "by sh", "/"],
  ])("%j runs %s", async (command, _, expected) => {
    expect(await heard({ Procfile: `p: ${command}\n` }, [], { GREETING: "hello you" })).toEqual([expected]);
  });

  test("runs in the folder of its Procfile, or in -d", async () => {
    const files = { "app/Procfile": "p: pwd\n", "other/x": "" };
    expect((await heard(files, ["-d", "app"])).map((path) => basename(path))).toEqual(["app"]);
    expect((await heard(files, ["-f", "app/Procfile"])).map((path) => basename(path))).toEqual(["app"]);
    expect((await heard(files, ["-f", "app/Procfile", "-d", "other"])).map((path) => basename(path))).toEqual([
      "other",
    ]);
  });

  test("hears nothing on stdin", async () => {
    expect(await heard({ Procfile: "p: cat; echo end\n" })).toEqual(["end"]);
  });

  test("that needs a name that will never have a value is refused before anything runs", async () => {
    const { code, stdout, stderr } = await run({ Procfile: `ok: ${sleeper}\np: echo $NO_SUCH_NAME\n` }, []);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain('Procfile:2:1: the command of job "p" needs $NO_SUCH_NAME, which has no value');
    expect((await run({ Procfile: "ok: true\np: echo $NO_SUCH_NAME\n" }, ["ok", "--exit"])).code).toBe(0);
  });
});

describe("formation", () => {
  test("-c runs so many of each, and none of those with 0", async () => {
    const { stdout } = await run({ Procfile: "a: echo A\nb: echo B\nc: echo C\n" }, [
      "--no-restart",
      "-c",
      "all=0,a=2,c=1",
    ]);
    expect(stdout.match(/\w\.\d(?= +\| started)/g)?.toSorted()).toEqual(["a.1", "a.2", "c.1"]);
  });

  test("jobs that are named are the only ones", async () => {
    const { stdout } = await run({ Procfile: "a: echo A\nb: echo B\nc: echo C\n" }, ["--no-restart", "c", "a"]);
    expect(stdout.match(/\w\.\d(?= +\| started)/g)?.toSorted()).toEqual(["a.1", "c.1"]);
  });
});

describe("the end", () => {
  test("is 1 when its output cannot be written, with everything stopped", () => {
    using dir = new TempDir({ Procfile: `p: echo up; ${sleeper}\n` });
    const { exitCode, stderr } = Bun.spawnSync(["sh", "-c", '"$0" start > /dev/full', gafferBinary()], {
      cwd: dir.path,
      stdio: ["ignore", "ignore", "pipe"],
    });
    expect([exitCode, stderr.toString()]).toEqual([
      1,
      expect.stringContaining("Cannot write to stdout, stopping everything"),
    ]);
    expect(markedProcesses(mark)).toEqual([]);
  });

  test.each<["SIGINT" | "SIGTERM" | "SIGHUP" | "SIGQUIT", number]>([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
    ["SIGQUIT", 131],
  ])("by %s is %p, with everything stopped", async (signal, code) => {
    using dir = new TempDir({ Procfile: `p: echo up; ${sleeper}\n` });
    await using gaffer = new RunningGaffer(["start"], { cwd: dir.path });
    await gaffer.said(/\| up/);
    expect(await gaffer.stop(signal)).toEqual({ code, signal: null });
    expect(markedProcesses(mark)).toEqual([]);
  });

  test.each([
    ["exit 3", 3],
    ["exit 0", 0],
    ["kill -9 $$", 137],
    ["exec no-such-program-here", 127],
  ])("with --exit is that of the first process, %j is %p, with the others stopped", async (command, code) => {
    const files = { Procfile: `p: ${command} # by sh\nother: ${sleeper}\n` };
    expect((await run(files, ["--exit"])).code).toBe(code);
    expect(markedProcesses(mark)).toEqual([]);
  });

  test("with --exit is 127 when a program is not there at all", async () => {
    const { code, stdout } = await run({ Procfile: `p: no-such-program-here\nother: ${sleeper}\n` }, ["--exit"]);
    expect(code).toBe(127);
    expect(stdout).toMatch(/p\.1 +\| could not start: .*no-such-program-here/);
  });

  test("with --no-restart is 127 when the only program is not there", async () => {
    expect((await run({ Procfile: "p: no-such-program-here\n" }, ["--no-restart"])).code).toBe(127);
  });

  test("with --no-restart is the first failure, when all have ended", async () => {
    const files = { Procfile: "a: exit 0\nb: sleep 0.1; exit 4\nc: sleep 0.4; exit 5\n" };
    expect((await run(files, ["--no-restart"])).code).toBe(4);
    expect((await run({ Procfile: "a: true\nb: true\n" }, ["--no-restart"])).code).toBe(0);
  });
});

test("on a terminal it is coloured, and Ctrl-C there stops everything", async () => {
  using dir = new TempDir({ Procfile: `p: echo up; ${sleeper}\n` });
  let shown = "";
  const decoder = new TextDecoder();
  const child = Bun.spawn([gafferBinary(), "start"], {
    cwd: dir.path,
    env: { ...process.env, NO_COLOR: undefined, FORCE_COLOR: undefined, TERM: "xterm" },
    terminal: { cols: 80, rows: 24, data: (_, bytes) => void (shown += decoder.decode(bytes, { stream: true })) },
  });
  await waitFor(
    () => shown.includes(" up\r\n"),
    () => `the first line in ${JSON.stringify(shown)}`,
  );
  expect(shown).toMatch(/\u001b\[36m\d\d:\d\d:\d\d p\.1 \|\u001b\[39m up\r\n/);
  child.terminal?.write("\u0003");
  expect(await child.exited).toBe(130);
  expect(markedProcesses(mark)).toEqual([]);
});

test("what ends is started again, whatever its exit code", async () => {
  using dir = new TempDir({ Procfile: "good: echo good; exit 0\nbad: echo bad; exit 1\n" });
  await using gaffer = new RunningGaffer(["start"], { cwd: dir.path });
  await gaffer.said(/(good\.1 +\| good[^]*){3}/);
  await gaffer.said(/(bad\.1 +\| bad[^]*){3}/);
  expect((await gaffer.stop("SIGINT")).code).toBe(130);
});

test("started without hangups, as nohup does, it goes on at SIGHUP", async () => {
  using dir = new TempDir({ Procfile: `p: while :; do echo up; sleep 0.05; done\n` });
  const child = Bun.spawn(["sh", "-c", "trap '' HUP; exec \"$0\" start", gafferBinary()], {
    cwd: dir.path,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const nextUp = async (): Promise<void> => {
    while (!/\| up/.test((await reader.read()).value ?? "| up of an ended gaffer")) continue;
  };
  await nextUp();
  child.kill("SIGHUP");
  for (let more = 0; more < 3; more++) await nextUp();
  child.kill("SIGTERM");
  while (!(await reader.read()).done) continue;
  expect(await child.exited).toBe(143);
});

test("SIGUSR1 and SIGUSR2 are passed on to the processes", async () => {
  const script = `trap 'echo got 1' USR1; trap 'echo got 2' USR2; echo up; while :; do sleep 0.05; done`;
  using dir = new TempDir({ Procfile: "p: sh run.sh\n", "run.sh": script });
  await using gaffer = new RunningGaffer(["start"], { cwd: dir.path });
  await gaffer.said(/\| up/);
  gaffer.child.kill("SIGUSR1");
  await gaffer.said(/\| got 1/);
  gaffer.child.kill("SIGUSR2");
  await gaffer.said(/\| got 2/);
  expect((await gaffer.stop("SIGINT")).code).toBe(130);
});

test("-t is how long a stop waits before it kills", async () => {
  using dir = new TempDir({ Procfile: `p: trap '' TERM; echo up; while :; do sleep ${mark}; done\n` });
  await using gaffer = new RunningGaffer(["start", "-t", "0.1"], { cwd: dir.path });
  await gaffer.said(/\| up/);
  expect((await gaffer.stop("SIGTERM")).code).toBe(143);
  expect(markedProcesses(mark)).toEqual([]);
});

test("GAFFER_REDIRECT_INPUT gives a job a pipe for its stdin", async () => {
  using dir = new TempDir({
    Procfile: "p: readlink /proc/self/fd/0\nq: readlink /proc/self/fd/0\n",
    ".env": "GAFFER_REDIRECT_INPUT=p\n",
  });
  await using gaffer = new RunningGaffer(["start", "--no-restart"], { cwd: dir.path });
  await gaffer.ended();
  expect(saidBy(gaffer.stdout, "p.1").join()).toMatch(/pipe:|socket:/);
  expect(saidBy(gaffer.stdout, "q.1")).toContain("/dev/null");
});

test("a stop while children are still being started leaves nothing", async () => {
  using dir = new TempDir({ Procfile: `p: ${sleeper}\n` });
  await using gaffer = new RunningGaffer(["start", "-c", "p=60"], { cwd: dir.path });
  // One alone may be the shell that reads the line beforehand.
  await waitFor(
    () => markedProcesses(mark).length > 1,
    () => "the first children",
  );
  expect((await gaffer.stop("SIGINT")).code).toBe(130);
  expect(markedProcesses(mark)).toEqual([]);
});
