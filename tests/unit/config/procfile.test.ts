import { describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { GafferError } from "../../../src/base/gaffer-error.ts";
import { Procfile } from "../../../src/config/procfile.ts";
import { TempDir } from "../../support/temp-dir.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const refusal = (text: string): { code: string; message: string } => thrownBy(() => Procfile.parse(text));

describe("Procfile.parse()", () => {
  test("keeps file order, skips comments and blank lines", () => {
    const text = "# the app\nweb: python -u web.py\n\n   \n\t# more\nworker-1:sleep 10\n_x: a\n";
    expect([...Procfile.parse(text).processes()]).toEqual([
      ["web", "python -u web.py"],
      ["worker-1", "sleep 10"],
      ["_x", "a"],
    ]);
  });

  test.each([
    ["CRLF line ends", "web: a b\r\nworker: c\r\n"],
    ["CR line ends", "web: a b\rworker: c\r"],
    ["no final newline", "web: a b\nworker: c"],
    ["a byte order mark", "\uFEFFweb: a b\nworker: c\n"],
    ["tabs after the colon and trailing blanks", "web:\ta b \t\nworker:   c   \n"],
  ])("reads %s", (_, text) => {
    expect([...Procfile.parse(text).processes()]).toEqual([
      ["web", "a b"],
      ["worker", "c"],
    ]);
  });

  test("names both lines of a name that stands twice", () => {
    expect(refusal("web: a\n\nweb: b\n")).toEqual({
      code: "procfile_invalid",
      message:
        'Cannot use the Procfile: Procfile:3:1: job "web" is already defined at Procfile:1:1; give one of them another name',
    });
  });

  test.each([
    ["web\n", 'Procfile:1:1: "web" is no entry: write "name: command"'],
    ["web: a\nwörker: b\n", 'Procfile:2:2: a job name may not hold "ö": it is letters, digits, _ and -'],
    ["a.b: c\n", 'Procfile:1:2: a job name may not hold ".": it is letters, digits, _ and -'],
    ["web worker: c\n", 'Procfile:1:4: a job name may not hold " ": it is letters, digits, _ and -'],
    ["x\u{1F600}: c\n", 'Procfile:1:2: a job name may not hold "\u{1F600}": it is letters, digits, _ and -'],
    ["12: c\n", 'Procfile:1:1: "12" is no job name: a name may not be all digits, which mean a process id'],
    ["-a: c\n", 'Procfile:1:1: "-a" is no job name: a name may not begin with a sign'],
    [": c\n", 'Procfile:1:1: there is no name before the colon: write "name: command"'],
    ["web:\n", 'Procfile:1:5: job "web" has no command'],
    ["web:   \nx: y", 'Procfile:1:5: job "web" has no command'],
    ["  web: c\n", "Procfile:1:3: an entry begins in column 1, without blanks before its name"],
    ["web: say 'a\n", 'Procfile:1:10: the command of job "web" has a single quote that is never closed'],
    ['web: say "a\\"\n', 'Procfile:1:10: the command of job "web" has a double quote that is never closed'],
    ["web: say a\\\n", 'Procfile:1:11: the command of job "web" has a backslash with nothing after it'],
  ])("refuses %j with its place", (text, message) => {
    expect(refusal(text)).toEqual({ code: "procfile_invalid", message: `Cannot use the Procfile: ${message}` });
  });

  test("tells of everything wrong at once", () => {
    const error = refusal("ok: a\nbad\n1: b\nok: c\n");
    expect(error.message.split("\n").map((line) => line.trim().slice(0, 14))).toEqual([
      "Cannot use the",
      "Procfile:2:1: ",
      "Procfile:3:1: ",
      "Procfile:4:1: ",
    ]);
  });

  test("looks no further after twenty mistakes", () => {
    const { message } = refusal("bad\n".repeat(50));
    expect(message).toStartWith("Cannot use the Procfile: at least 20 problems\n");
    expect(message.split("\n")).toHaveLength(21);
  });

  test.each(["", "\n\n", "# only a comment\n", "\uFEFF"])("refuses %j, which has no entry", (text) => {
    expect(refusal(text).message).toStartWith(
      "Cannot use the Procfile: Procfile:1:1: it has no entry; write one a line",
    );
  });

  test("reads a line of half a megabyte", () => {
    const line = `echo ${"x".repeat(500_000)}`;
    expect([...Procfile.parse(`web: ${line}\n`).processes()]).toEqual([["web", line]]);
  });
});

describe("Procfile.asDict()", () => {
  test("gives name, command, environment and count", () => {
    const procfile = Procfile.parse("web: python -u $APP 'a b'\nsh: echo $((1+1))\n", { env: { APP: "x" } });
    expect(procfile.asDict("web", new Map([["web", 3]]))).toEqual({
      name: "web",
      cmd: "python",
      args: ["-u", "$APP", "a b"],
      shell: false,
      env: { APP: "x" },
      numprocesses: 3,
    });
    expect(procfile.asDict("sh")).toEqual({
      name: "sh",
      cmd: "echo $((1+1))",
      args: [],
      shell: true,
      env: { APP: "x" },
      numprocesses: 1,
    });
  });

  test("names the nearest job and all there are when it has none of the name", () => {
    expect(thrownBy(() => Procfile.parse("web: a\nworker: b\n").asDict("wrker"))).toEqual({
      code: "usage",
      message:
        'Cannot use job "wrker": the Procfile has none of that name (did you mean "worker"?); it has web, worker',
    });
  });
});

describe("Procfile.getAppname()", () => {
  test.each([
    ["/srv/shop", "shop"],
    ["/srv/My App.v2", "My-App-v2"],
    ["/srv/-x", "x"],
    ["/srv/42", "_42"],
    ["/", "default"],
  ])("of root %s is %s", (root, name) => {
    expect(Procfile.parse("web: a\n", { root }).getAppname()).toBe(name);
  });
});

describe("Procfile.parseCmd()", () => {
  test("splits a command, and refuses one with an open quote", () => {
    expect(Procfile.parseCmd("a 'b c'")).toEqual({ shell: false, cmd: "a", args: ["b c"] });
    expect(thrownBy(() => Procfile.parseCmd("a 'b"))).toEqual({
      code: "procfile_invalid",
      message: 'Cannot use command "a \'b": it has a single quote that is never closed',
    });
  });
});

describe("Procfile.load()", () => {
  test("says where it looked and how to write one when there is none", () => {
    using dir = new TempDir();
    const error = thrownBy(() => Procfile.load(dir.file("Procfile")));
    expect(error.code).toBe("procfile_missing");
    expect(error.message).toStartWith(
      `Cannot find "Procfile": there is none in ${dir.path}; write one with a line such as`,
    );
    expect(new GafferError("procfile_missing", "").exitCode).toBe(2);
  });

  test("says what it is that it cannot read", () => {
    using dir = new TempDir({ loop: "" });
    mkdirSync(dir.file("Procfile"));
    expect(thrownBy(() => Procfile.load(dir.file("Procfile"), { name: "Procfile" })).message).toBe(
      'Cannot read Procfile "Procfile": it is a directory',
    );
    expect(thrownBy(() => Procfile.load("/dev/zero")).message).toBe(
      'Cannot read Procfile "/dev/zero": it is larger than 1 MiB',
    );
    expect(thrownBy(() => Procfile.load(dir.file("loop/Procfile"))).code).toBe("procfile_missing");
    expect(thrownBy(() => Procfile.load(dir.file("x".repeat(5000)), { name: "x" })).message).toBe(
      'Cannot read Procfile "x": the name is too long',
    );
  });

  test.each([
    ["a NUL", "web: a\n\0\n", "Procfile:2:1: a NUL byte: this is a binary file, not text"],
    [
      "Latin-1",
      Uint8Array.of(0x77, 0x3a, 0x20, 0xe9, 0x0a),
      "Procfile:1:4: a byte that is not UTF-8: save the file as UTF-8",
    ],
    [
      "UTF-16",
      new Uint8Array(Buffer.from("\uFEFFweb: a\n", "utf16le")),
      "Procfile:1:4: a NUL byte: this is a binary file, not text",
    ],
  ])("refuses %s with its place", (_, bytes, message) => {
    using dir = new TempDir();
    const path = dir.write("Procfile", bytes);
    expect(thrownBy(() => Procfile.load(path, { name: "Procfile" })).message).toBe(
      `Cannot use the Procfile: ${message}`,
    );
  });
});
