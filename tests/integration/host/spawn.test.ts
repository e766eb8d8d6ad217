import { describe, expect, test } from "bun:test";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { inheritableEnv } from "../../../src/host/child-environment.ts";
import { libc, openPipe } from "../../../src/host/libc.ts";
import type { SpawnRequest } from "../../../src/manager/process-host.ts";
import { TempDir } from "../../support/temp-dir.ts";
import { TreeRun } from "../../support/tree-run.ts";

const fixture = join(import.meta.dir, "..", "..", "fixtures", "report.py");
// Debian's own first: a version manager's stand-in adds to the environment.
const python = existsSync("/usr/bin/python3") ? "/usr/bin/python3" : (Bun.which("python3") ?? "python3");

/** What tests/fixtures/report.py tells. */
interface Report {
  readonly pid: number;
  readonly pgid: number;
  readonly sid: number;
  readonly uid: readonly number[];
  readonly gid: readonly number[];
  readonly groups: readonly number[];
  readonly ignored: string;
  readonly blocked: string;
  readonly umask: number;
  readonly cwd: string;
  readonly argv: readonly string[];
  readonly limits: Readonly<Record<string, readonly [soft: number, hard: number]>>;
  readonly descriptors: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
}

/** Both ways to start a program: straight by Bun, and over the trampoline, which an rlimit asks for. */
const ways: Record<string, Partial<SpawnRequest>> = {
  direct: {},
  "over the trampoline": { rlimits: { core: { soft: 0, hard: 0 } } },
};

/** What the fixture printed: it is ours, so its shape is known. */
function parseReport(text: string): Report {
  const told: Report = JSON.parse(text);
  return told;
}

async function report(overrides: Partial<SpawnRequest>): Promise<Report & { readonly osPid: number }> {
  await using run = new TreeRun("cgroup");
  const child = run.spawn([python, fixture, "one", "two words"], { env: { PATH: "/usr/bin:/bin" }, ...overrides });
  await child.was("closed");
  expect(child.told).toEqual(["spawned", "exited 0", "emptied", "closed"]);
  return { ...parseReport(child.sink.text), osPid: child.osPid };
}

const nobody = "65534 65534 65534 65534";

/** Users and groups as the kernel has them, told by a program anybody may run. */
async function idOf(overrides: Partial<SpawnRequest>): Promise<{ Uid: string; Gid: string; Groups: string }> {
  await using run = new TreeRun("cgroup");
  const child = run.spawn(["cat", "/proc/self/status"], overrides);
  await child.was("closed");
  const line = (name: string): string =>
    (new RegExp(`^${name}:(.*)$`, "m").exec(child.sink.text)?.[1] ?? "").trim().replaceAll(/\s+/g, " ");
  return { Uid: line("Uid"), Gid: line("Gid"), Groups: line("Groups") };
}

/** A limit as Python tells it: -1 is unlimited. */
const parse = (text = ""): number => (text === "unlimited" ? -1 : Number(text));

const own = (name: string): [number, number] => {
  const line = new RegExp(`^${name}\\s+(\\S+)\\s+(\\S+)`, "m").exec(readFileSync("/proc/self/limits", "latin1"));
  return [parse(line?.[1]), parse(line?.[2])];
};

describe.each(Object.entries(ways))("a child started %s", (_way, overrides) => {
  test("leads a session and a group of its own, under the pid that was told", async () => {
    const { pid, pgid, sid, osPid } = await report(overrides);
    expect([pgid, sid, osPid]).toEqual([pid, pid, pid]);
  });

  test("has default signal dispositions and blocks none", async () => {
    const { ignored, blocked } = await report(overrides);
    // Python itself ignores SIGPIPE and SIGXFSZ: 13 and 25.
    expect(BigInt(`0x${ignored}`) & ~((1n << 12n) | (1n << 24n))).toBe(0n);
    expect(BigInt(`0x${blocked}`)).toBe(0n);
    await using run = new TreeRun("cgroup");
    const shell = run.spawn("grep -E '^Sig(Ign|Blk)' /proc/self/status", overrides);
    await shell.was("closed");
    expect(shell.sink.text.match(/0{16}$/gm)?.length).toBe(2);
  });

  test("has stdin, stdout and stderr, and no descriptor of ours", async () => {
    using dir = new TempDir();
    const held = openSync(dir.write("held", ""), "r");
    const server = Bun.serve({ port: 0, fetch: () => new Response() });
    expect(server.port).toBeGreaterThan(0);
    const { descriptors } = await report(overrides);
    closeSync(held);
    await server.stop(true);
    expect(descriptors).toEqual({ "0": "/dev/null", "1": "pipe", "2": "pipe" });
  });

  test("has real pipes for stdin and outputs when they are asked for, /dev/null when not", async () => {
    const { descriptors } = await report({ ...overrides, input: true, outputs: ["out"] });
    expect(descriptors).toEqual({ "0": "pipe", "1": "pipe", "2": "/dev/null" });
    await using run = new TreeRun("cgroup");
    const silent = run.spawn('readlink /proc/self/fd/1 >/dev/null && [ "$(readlink /proc/$$/fd/1)" = /dev/null ]', {
      ...overrides,
      outputs: [],
    });
    await silent.was("closed");
    expect(silent.told[1]).toBe("exited 0");
  });

  test("has its environment in full and nothing else", async () => {
    const env = {
      PATH: "/usr/bin:/bin",
      LC_ALL: "C",
      EMPTY: "",
      "with-dash": "a=b",
      UTF: "grün ✓",
      BUN_OPTIONS: "--nope",
      BUN_BE_BUN: "1",
      NODE_OPTIONS: "--nope",
    };
    expect((await report({ ...overrides, env })).env).toEqual(env);
  });

  test("has its folder, its arguments and our umask", async () => {
    using dir = new TempDir();
    const old = process.umask(0o027);
    try {
      const { cwd, argv, umask } = await report({ ...overrides, cwd: dir.path });
      expect([cwd, argv, umask]).toEqual([dir.path, ["one", "two words"], 0o027]);
    } finally {
      process.umask(old);
    }
  });

  test("has the limits gaffer was started with, but for those that are set", async () => {
    const rlimits = {
      ...overrides.rlimits,
      nofile: { soft: 100, hard: 200 },
      fsize: { soft: Infinity, hard: Infinity },
    };
    const { limits } = await report({ ...overrides, rlimits });
    expect(limits["nofile"]).toEqual([100, 200]);
    expect(limits["fsize"]).toEqual([-1, -1]);
    expect(limits["stack"]).toEqual(own("Max stack size"));
  });

  test("talks both ways through custom streams, and has channels after them", async () => {
    const c = libc();
    const [readEnd = -1, writeEnd = -1] = (c && openPipe(c)) ?? [];
    await using run = new TreeRun("cgroup");
    const script = `read line <&$GAFFER_STREAM_CONTROL_FD; echo "echo $line" >&$GAFFER_STREAM_CONTROL_FD; echo channel >&4`;
    const child = run.spawn(["sh", "-c", script], { ...overrides, streams: ["control"], channels: [writeEnd] });
    await child.was("spawned");
    closeSync(writeEnd);
    child.process.write(Buffer.from("hello\n"), "control");
    await child.was("closed");
    expect(child.sink.text).toContain("echo hello\n");
    expect(readFileSync(readEnd, "utf8")).toBe("channel\n");
  });

  test("runs as another user with all of that user's groups", async () => {
    expect(await idOf({ ...overrides, uid: "nobody" })).toEqual({ Uid: nobody, Gid: nobody, Groups: "" });
    const numbers = await idOf({ ...overrides, uid: 12345, gid: 23456 });
    expect(numbers).toEqual({ Uid: "12345 12345 12345 12345", Gid: "23456 23456 23456 23456", Groups: "" });
  });
});

/** Runs a command, and gives its exit code. */
const sh = (...argv: string[]): number => Bun.spawnSync(argv, { stdio: ["ignore", "ignore", "ignore"] }).exitCode;

/** Number of a group. */
const id = (group: string): number => Number(Bun.spawnSync(["getent", "group", group]).stdout.toString().split(":")[2]);

test("a user's supplementary groups come with it", async () => {
  const name = `gaffertest${process.pid}`;
  expect(sh("groupadd", name)).toBe(0);
  try {
    expect(sh("useradd", "-M", "-N", "-g", "nogroup", "-G", `${name},daemon`, name)).toBe(0);
    const { Gid, Groups } = await idOf({ uid: name });
    expect(Gid.split(" ")[0]).toBe(String(id("nogroup")));
    expect(Groups.split(" ").map(Number)).toEqual([id("daemon"), id("nogroup"), id(name)].toSorted((a, b) => a - b));
  } finally {
    sh("userdel", name);
    sh("groupdel", name);
  }
});

test("the soft limit of open files is that of gaffer's parent, which its runtime raised", () => {
  // The wrapping shell stays: it is the parent gaffer asks.
  const script = `ulimit -Sn 256; "$@"; true`;
  const probe = join(import.meta.dir, "..", "..", "fixtures", "nofile-of-child.ts");
  const { stdout } = Bun.spawnSync(["sh", "-c", script, "sh", process.execPath, probe]);
  expect(stdout.toString().trim().split("\n")).toEqual(["direct 256", "trampoline 256"]);
});

describe("inheritableEnv()", () => {
  test("hands on all but what speaks to gaffer alone", () => {
    const ours = {
      NOTIFY_SOCKET: "x",
      LISTEN_FDS: "1",
      LISTEN_PID: "1",
      LISTEN_FDNAMES: "a",
      GAFFER_API_KEY: "k",
      BUN_OPTIONS: "x",
      BUN_GC_TIMER_DISABLE: "1",
    };
    expect(inheritableEnv({ ...ours, PATH: "/bin", GONE: undefined, BUNDLE: "kept" })).toEqual({
      PATH: "/bin",
      BUNDLE: "kept",
    });
  });
});

describe("what can't be started is told with its reason, and leaves nothing", () => {
  const cases: { what: string; argv: string[]; overrides: Partial<SpawnRequest>; words: RegExp }[] = [
    {
      what: "a command that is nowhere",
      argv: ["no-such-command-here"],
      overrides: {},
      words: /Cannot run "no-such-command-here": it is in no folder of PATH/,
    },
    {
      what: "a path that does not exist",
      argv: ["./nothing"],
      overrides: {},
      words: /Cannot run ".\/nothing": .*\/nothing does not exist/,
    },
    { what: "a file that is not executable", argv: ["./plain.txt"], overrides: {}, words: /is not executable/ },
    { what: "a folder", argv: ["./folder"], overrides: {}, words: /Cannot run "\.\/folder"/ },
    { what: "a script without #!", argv: ["./no-shebang"], overrides: {}, words: /begins with #!/ },
    { what: "a script whose interpreter is missing", argv: ["./bad-interpreter"], overrides: {}, words: /interpreter/ },
    {
      what: "a folder to run in that is missing",
      argv: ["true"],
      overrides: { cwd: "/no/such/folder" },
      words: /Cannot use cwd "\/no\/such\/folder": it does not exist/,
    },
    {
      what: "a folder to run in that is a file",
      argv: ["true"],
      overrides: { cwd: "/etc/passwd" },
      words: /it is not a folder/,
    },
    {
      what: "an unknown user",
      argv: ["true"],
      overrides: { uid: "no-such-user" },
      words: /Cannot run as user "no-such-user": no such user/,
    },
    {
      what: "an unknown group",
      argv: ["true"],
      overrides: { gid: "no-such-group" },
      words: /Cannot run as group "no-such-group"/,
    },
    {
      what: "an unknown limit",
      argv: ["true"],
      overrides: { rlimits: { nofiles: { soft: 1, hard: 1 } } },
      words: /Cannot set rlimit "nofiles": the limits are/,
    },
    { what: "too long arguments", argv: ["true", "x".repeat(3_000_000)], overrides: {}, words: /too long/ },
  ];
  test.each(cases)("$what", async ({ argv, overrides, words }) => {
    using dir = new TempDir({ "plain.txt": "no program" });
    writeFileSync(dir.file("no-shebang"), "echo hi\n", { mode: 0o755 });
    writeFileSync(dir.file("bad-interpreter"), "#!/no/such/interpreter\n", { mode: 0o755 });
    mkdirSync(dir.file("folder"));
    await using run = new TreeRun("cgroup");
    for (const way of Object.values(ways)) {
      const child = run.spawn(argv, {
        cwd: dir.path,
        ...way,
        ...overrides,
        rlimits: { ...way.rlimits, ...overrides.rlimits },
      });
      await child.was("spawnFailed");
      expect(child.told.length).toBe(1);
      expect(child.told[0]).toMatch(words);
    }
  });
});

test("a folder of PATH that can't be looked into is passed over", async () => {
  using dir = new TempDir();
  symlinkSync(dir.file("circle"), dir.file("circle"));
  await using run = new TreeRun("cgroup");
  const child = run.spawn(["true"], { env: { PATH: `${dir.file("circle")}:/usr/bin:/bin` } });
  await child.was("closed");
  expect(child.told[0]).toBe("spawned");
});

test("200 processes at once leave no descriptor open", async () => {
  const before = readdirSync("/proc/self/fd").length;
  {
    await using run = new TreeRun("cgroup");
    const children = Array.from({ length: 200 }, () => run.spawn(["true"], { input: true, outputs: ["out", "err"] }));
    for (const child of children) await child.was("closed");
  }
  expect(readdirSync("/proc/self/fd").length).toBeLessThanOrEqual(before + 1);
});
