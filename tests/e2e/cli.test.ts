import { describe, expect, test } from "bun:test";
import { existsSync, symlinkSync } from "node:fs";
import { gafferBinary } from "../support/gaffer-binary.ts";
import { TempDir } from "../support/temp-dir.ts";

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the binary to its end. */
function gaffer(cwd: string, args: readonly string[], env: Record<string, string> = {}): Said {
  const { exitCode, stdout, stderr } = Bun.spawnSync([gafferBinary(), ...args], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"] ?? "", ...env },
  });
  return { code: exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

describe("help", () => {
  test.each([[[]], [["--help"]], [["-h"]], [["help"]], [["help", "help"]]])("gaffer %j shows every command", (args) => {
    const { code, stdout, stderr } = gaffer("/", args);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toStartWith("  $ gaffer start\n");
    for (const command of ["daemon", "ctl", "start", "load", "check", "version", "help"])
      expect(stdout).toMatch(new RegExp(`^ +${command}  +\\w`, "m"));
    expect(stdout).not.toMatch(/\blookupd\b|\u001b/);
  });

  test.each([
    [["help", "start"]],
    [["start", "--help"]],
    [["start", "web", "-h"]],
    [["dev:start", "-h"]],
    [["-h", "start"]],
  ])("gaffer %j shows every flag of start", (args) => {
    const { code, stdout } = gaffer("/", args);
    expect(code).toBe(0);
    expect(stdout).toStartWith("  $ gaffer start\n");
    const flags = [
      "-c, --concurrency",
      "-f, --procfile",
      "-d, --directory",
      "-e, --env",
      "-p, --port",
      "-t, --timeout",
    ];
    for (const flag of [...flags, "--exit", "--no-restart", "--json", "--no-color"]) expect(stdout).toContain(flag);
  });

  const asked = [
    "ctl -g http://h:1 help scale",
    "-g http://h:1 ctl help scale",
    "ctl help --endpoint http://h:1 scale",
  ];
  test.each(asked)("the value of a flag is no topic: %s", (words) => {
    expect(gaffer("/", words.split(" "))).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("gaffer ctl scale"),
    });
  });

  test("is coloured when that is forced, and not when it is refused", () => {
    expect(gaffer("/", ["--help"], { FORCE_COLOR: "1" }).stdout).toContain("\u001b[");
    expect(gaffer("/", ["--help", "--no-color"], { FORCE_COLOR: "1" }).stdout).not.toContain("\u001b");
    expect(gaffer("/", ["--help"], { FORCE_COLOR: "1", NO_COLOR: "1" }).stdout).not.toContain("\u001b");
  });
});

describe("a mistake", () => {
  test.each<[string[], string]>([
    [["strat"], 'Cannot run "strat": there is no such command (did you mean "start"?); see "gaffer help"'],
    [
      ["ctl", "statsu"],
      'Cannot run "ctl statsu": there is no such command (did you mean "status"?); see "gaffer help ctl"',
    ],
    [["--nope"], 'Cannot use --nope: it needs a command; see "gaffer help"'],
    [["start", "--procfle", "x"], 'Cannot use --procfle: there is no such flag (did you mean "--procfile"?)'],
    [["start", "-c"], "Cannot use -c: it needs a value, -c JOB=N[,…]"],
    [["start", "-p", "0"], 'Cannot use -p "0": a port is a whole number from 1 to 65535'],
    [["version", "x"], 'Cannot use argument "x": version takes no arguments; see "gaffer help version"'],
    [["help", "--no-colour"], 'Cannot use --no-colour: there is no such flag (did you mean "--no-color"?)'],
    [["help", "start", "extra"], 'Cannot use argument "extra": help takes at most 1 here; see "gaffer help help"'],
    [["help", "strat"], 'Cannot run "strat": there is no such command (did you mean "start"?); see "gaffer help"'],
  ])("of usage, %j, ends with 2 and says what is so on stderr", (args, message) => {
    expect(gaffer("/", args)).toEqual({ code: 2, stdout: "", stderr: `gaffer: ${message}\n` });
  });

  test.each(["start", "check"])("of place: %s without a Procfile ends with 2 and says where it looked", (command) => {
    using dir = new TempDir();
    const { code, stdout, stderr } = gaffer(dir.path, [command]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toStartWith(
      `gaffer: Cannot find "Procfile": there is none in ${dir.path}; write one with a line such as`,
    );
  });
});

test("called by the name of an older program, it is that command", () => {
  using dir = new TempDir();
  const run = (name: string, ...args: string[]): [code: number, said: string] => {
    symlinkSync(gafferBinary(), dir.file(name));
    const { exitCode, stdout, stderr } = Bun.spawnSync([dir.file(name), ...args], {
      cwd: dir.path,
      stdio: ["ignore", "pipe", "pipe"],
    });
    return [exitCode, stdout.toString() + stderr.toString()];
  };
  expect(run("gafferd", "missing.ini")).toEqual([2, expect.stringContaining("missing.ini")]);
  expect(run("gafferctl", "-g", `unix:${dir.file("none")}`, "ping")).toEqual([
    3,
    expect.stringContaining("Cannot reach"),
  ]);
  expect(run("gaffer_lookupd")).toEqual([2, expect.stringContaining('"lookupd": it is not part of this version yet')]);
});

test("a reader that goes away is no error", () => {
  using dir = new TempDir();
  // The reader has gone for certain before the first byte is written.
  const script = '{ sleep 0.1; "$0" --help; echo "$?" >&2; } | true';
  const { exitCode, stderr } = Bun.spawnSync(["sh", "-c", script, gafferBinary()], {
    cwd: dir.path,
    stdio: ["ignore", "pipe", "pipe"],
  });
  expect([exitCode, stderr.toString()]).toEqual([0, "0\n"]);
});

test("a full disk is told on stderr, and is no bug", () => {
  const script = '"$0" version > /dev/full; echo $?; "$0" strat 2> /dev/full; echo $?';
  const { stdout, stderr } = Bun.spawnSync(["sh", "-c", script, gafferBinary()], { stdio: ["ignore", "pipe", "pipe"] });
  expect([stdout.toString(), stderr.toString()]).toEqual(["1\n2\n", "gaffer: Cannot write to stdout: ENOSPC\n"]);
});

test("streams that are closed are no bug", () => {
  const script = '"$0" version >&-; echo $?; "$0" strat 2>&-; echo $?; "$0" version <&- >&- 2>&-; echo $?';
  const { stdout, stderr } = Bun.spawnSync(["sh", "-c", script, gafferBinary()], { stdio: ["ignore", "pipe", "pipe"] });
  expect([stdout.toString(), stderr.toString()]).toEqual(["0\n2\n0\n", ""]);
});

describe("check", () => {
  test("says what a Procfile and its environment hold", () => {
    using dir = new TempDir({ "app/Procfile": "web: a\nworker: b\n", "app/.env": "A=1\n", "more.env": "B=2\n" });
    const args = ["-d", "app", "-e", "more.env", "-e", "C=3"];
    expect(gaffer(dir.path, ["check", ...args])).toEqual({
      code: 0,
      stdout: "valid: 2 jobs (web, worker), 3 variables\n",
      stderr: "",
    });
    expect(JSON.parse(gaffer(dir.path, [...args, "check", "--json"]).stdout)).toEqual({
      jobs: ["web", "worker"],
      variables: ["A", "B", "C"],
    });
  });

  test("tells of every mistake in every file at once, by place", () => {
    using dir = new TempDir({ Procfile: "web: a\nweb: b\n1: c\n", ".env": "A=1\nnonsense\n" });
    const { code, stdout, stderr } = gaffer(dir.path, ["check"]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr.match(/(Procfile|\.env):\d+:\d+(?=: )/g)).toEqual(["Procfile:2:1", "Procfile:3:1", ".env:2:1"]);
  });

  test("reads a Procfile from a pipe", () => {
    const script = '"$0" check -f <(printf "web: a\\n") -e <(printf "A=1\\n")';
    const { exitCode, stdout } = Bun.spawnSync(["bash", "-c", script, gafferBinary()], { cwd: "/" });
    expect([exitCode, stdout.toString()]).toEqual([0, "valid: 1 job (web), 1 variable\n"]);
  });

  test("names every command that needs a name without value", () => {
    using dir = new TempDir({ Procfile: "ok: echo $PORT\nweb: echo $NO_SUCH_NAME\n" });
    const { code, stderr } = gaffer(dir.path, ["check"]);
    expect(code).toBe(2);
    expect(stderr).toStartWith(
      'gaffer: Cannot use the Procfile: Procfile:2:1: the command of job "web" needs $NO_SUCH_NAME, which has no value: ',
    );
    expect(gaffer(dir.path, ["check", "-e", "NO_SUCH_NAME=1"]).code).toBe(0);
  });

  test("refuses a PORT that none can be", () => {
    using dir = new TempDir({ Procfile: "web: true\n", ".env": "PORT=http\n" });
    expect(gaffer(dir.path, ["check"])).toEqual({
      code: 2,
      stdout: "",
      stderr: 'gaffer: Cannot use PORT "http" of the env files: a port is 1 to 65535\n',
    });
  });

  test("has the shell read the lines that go through it", () => {
    using dir = new TempDir({ Procfile: 'ok: a | b\nweb: echo "a | b\nx: if true; do\n' });
    const { code, stderr } = gaffer(dir.path, ["check"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^ {2}Procfile:2:6: the shell cannot read the command of job "web": .*nterminated/m);
    expect(stderr).toMatch(/^ {2}Procfile:3:4: the shell cannot read the command of job "x": ./m);
  });

  test("and start refuse the same lines in the same words, with everything else that is wrong", () => {
    using dir = new TempDir({ Procfile: "ok: touch ran\nweb: echo ${PORT\nx: (\ny: echo $NONE\n" });
    const checked = gaffer(dir.path, ["check"]);
    expect(checked.stderr.match(/Procfile:\d+:\d+(?=: )/g)).toEqual(["Procfile:2:6", "Procfile:3:4", "Procfile:4:1"]);
    expect(gaffer(dir.path, ["start", "--no-restart"])).toEqual({ ...checked, code: 2 });
    expect(existsSync(dir.file("ran"))).toBe(false);
  });

  test("asks no shell where there is none", () => {
    using dir = new TempDir({ Procfile: "web: a | b\n" });
    expect(gaffer(dir.path, ["check"], { PATH: dir.path }).code).toBe(0);
  });

  test.each([[["ok"]], [["-c", "web=0"]]])("start %j does not mind a line it does not start", (args) => {
    using dir = new TempDir({ Procfile: "ok: true | touch ran\nweb: echo ${PORT\n" });
    expect(gaffer(dir.path, ["start", "--no-restart", ...args]).code).toBe(0);
    expect(existsSync(dir.file("ran"))).toBe(true);
  });

  test("says that a file may not be read", () => {
    using dir = new TempDir({ Procfile: "web: a\n" });
    // Root may read everything, so the binary runs as nobody on a file of root's.
    const script =
      'chmod 711 "$1" && chmod 600 "$1/Procfile" && cd "$1" && exec setpriv --reuid 65534 --clear-groups "$0" check';
    const asNobody = process.getuid?.() === 0 ? script : 'chmod 000 "$1/Procfile" && cd "$1" && exec "$0" check';
    using program = new TempDir();
    Bun.spawnSync(["sh", "-c", 'cp "$0" "$1" && chmod 755 "$1" "$1/gaffer"', gafferBinary(), program.path]);
    const { exitCode, stderr } = Bun.spawnSync(["sh", "-c", asNobody, program.file("gaffer"), dir.path], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    expect([exitCode, stderr.toString()]).toEqual([2, 'gaffer: Cannot read Procfile "Procfile": permission denied\n']);
  });
});
