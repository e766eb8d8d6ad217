import { describe, expect, test } from "bun:test";
import { readEnvSources, takeSettings } from "../../../src/config/env-sources.ts";
import { mkdirSync, symlinkSync } from "node:fs";
import { TempDir } from "../../support/temp-dir.ts";
import { thrownBy } from "../../support/thrown-by.ts";

function read(dir: TempDir, ...given: string[]): Record<string, string> {
  const environment = { HOME: "/root", A: "user" };
  const entries = readEnvSources({ beside: "app/.env", given, cwd: dir.path, environment });
  return Object.fromEntries([...entries].map(([name, { value }]) => [name, value]));
}

describe("readEnvSources()", () => {
  test("reads .env beside the Procfile if it is there", () => {
    using dir = new TempDir({ "app/.env": "A=1\n", ".env": "STRAY=1\n" });
    using empty = new TempDir();
    expect(read(dir)).toEqual({ A: "1" });
    expect(read(empty)).toEqual({});
  });

  test("lets what comes later win, files and pairs alike", () => {
    using dir = new TempDir({ "app/.env": "A=1\nB=1\nC=1\nD=1\n", one: "B=2\nC=2\nD=2\n", two: "D=4\nE=$C\n" });
    expect(read(dir, "one", "C=3", "two")).toEqual({ A: "1", B: "2", C: "3", D: "4", E: "3" });
    expect(read(dir, "two", "one")).toMatchObject({ D: "2", E: "1" });
  });

  test("takes the value of a pair as it is", () => {
    using dir = new TempDir();
    expect(read(dir, "X=$HOME 'a' # b", "Y=", "Z=a=b")).toEqual({ X: "$HOME 'a' # b", Y: "", Z: "a=b" });
  });

  test("counts a file that is named twice where it is named last", () => {
    using dir = new TempDir({ "app/.env": "A=1\n", one: "A=2\n", two: "A=3\n" });
    expect(read(dir, "one", "two", "./one")).toEqual({ A: "2" });
    expect(read(dir, "one", "app/.env")).toEqual({ A: "1" });
  });

  test("expands against earlier files, then the user's environment, which is no part of the result", () => {
    using dir = new TempDir({ "app/.env": "P=$A$HOME\nA=x\n", one: "Q=$A$HOME\n" });
    expect(read(dir, "one")).toEqual({ P: "user/root", A: "x", Q: "x/root" });
  });

  test("knows nothing of the names that every object has", () => {
    using dir = new TempDir({ "app/.env": "A=$toString$constructor\n__proto__=1\nB=$__proto__\n" });
    expect(Object.entries(read(dir))).toEqual([
      ["A", ""],
      ["__proto__", "1"],
      ["B", "1"],
    ]);
  });

  test("refuses a file that is missing, a folder, and binary", () => {
    using dir = new TempDir({ "app/x": "", bin: "A=\0\n" });
    expect(thrownBy(() => read(dir, "nope.env"))).toEqual({
      code: "env_invalid",
      message: `Cannot read env file "nope.env": ${dir.file("nope.env")} does not exist; give a file, or NAME=value`,
    });
    expect(thrownBy(() => read(dir, "app")).message).toBe('Cannot read env file "app": it is a directory');
    expect(thrownBy(() => read(dir, "bin")).message).toBe(
      "Cannot use the env file: bin:1:3: a NUL byte: this is a binary file, not text",
    );
  });
});

const refusal = (dir: TempDir): string => thrownBy(() => read(dir)).message;

describe("readEnvSources(), where .env is no plain file,", () => {
  test("refuses a pipe nobody named, itself and by a link", () => {
    using dir = new TempDir({ "app/Procfile": "" });
    Bun.spawnSync(["mkfifo", dir.file("app/.env")]);
    using linked = new TempDir({ "app/Procfile": "" });
    symlinkSync(dir.file("app/.env"), linked.file("app/.env"));
    const message = 'Cannot read env file "app/.env": it is a named pipe, no file; remove it, or name it with -e';
    expect([refusal(dir), refusal(linked)]).toEqual([message, message]);
  });

  test("refuses a device, a folder and a link to nothing", () => {
    using device = new TempDir({ "app/Procfile": "" });
    symlinkSync("/dev/zero", device.file("app/.env"));
    expect(refusal(device)).toContain("it is a device, no file");
    using folder = new TempDir();
    mkdirSync(folder.file("app/.env"), { recursive: true });
    expect(refusal(folder)).toBe('Cannot read env file "app/.env": it is a directory');
    using dangling = new TempDir({ "app/Procfile": "" });
    symlinkSync("gone", dangling.file("app/.env"));
    expect(refusal(dangling)).toBe(
      'Cannot read env file "app/.env": it is a symbolic link to gone, which does not exist',
    );
  });

  test("reads it through a link to a file, and knows of none beside a file", () => {
    using dir = new TempDir({ "app/Procfile": "", real: "A=1\n" });
    symlinkSync("../real", dir.file("app/.env"));
    expect(read(dir)).toEqual({ A: "1" });
    using file = new TempDir({ app: "" });
    expect(read(file)).toEqual({});
  });
});

test.each([
  ["1A=b", '"1A"'],
  ["A B=c", '"A B"'],
  ["=x", '""'],
])("readEnvSources() says of -e %j that %s is no name", (text, name) => {
  using dir = new TempDir();
  expect(thrownBy(() => read(dir, text))).toEqual({
    code: "env_invalid",
    message: `Cannot use -e ${JSON.stringify(text)}: there is no such file, and ${name} is no name: a name is letters, digits, _ . and -, and begins with a letter or _`,
  });
});

test("readEnvSources() reads a file whose name holds a =", () => {
  using dir = new TempDir({ "1=2": "A=1\n" });
  expect(read(dir, "1=2")).toEqual({ A: "1" });
});

const settingsOf = (text: string, jobs: string[] | undefined): ReturnType<typeof takeSettings> => {
  using dir = new TempDir({ "app/.env": text });
  const entries = readEnvSources({ beside: "app/.env", given: [], cwd: dir.path, environment: {} });
  return takeSettings(entries, jobs);
};

describe("takeSettings()", () => {
  test("takes GAFFER_UID, GAFFER_GID and GAFFER_REDIRECT_INPUT out of the environment", () => {
    const text = "GAFFER_UID=www\nGAFFER_GID=33\nGAFFER_REDIRECT_INPUT=web, worker\nGAFFER_X=1\nA=1\n";
    expect(settingsOf(text, ["web", "worker", "x"])).toEqual({
      uid: "www",
      gid: "33",
      redirectInput: new Set(["web", "worker"]),
      env: { GAFFER_X: "1", A: "1" },
    });
  });

  test("takes absent and empty ones for unset", () => {
    const unset = { uid: undefined, gid: undefined, redirectInput: new Set<string>(), env: {} };
    expect(settingsOf("", ["web"])).toEqual(unset);
    expect(settingsOf("GAFFER_UID=\nGAFFER_GID=\nGAFFER_REDIRECT_INPUT=\n", ["web"])).toEqual(unset);
  });

  test("refuses a redirected job that the Procfile has not, unless the jobs are unknown", () => {
    expect(thrownBy(() => settingsOf("\nGAFFER_REDIRECT_INPUT=wbe\n", ["web"]))).toEqual({
      code: "env_invalid",
      message:
        'Cannot use the env file: app/.env:2:1: GAFFER_REDIRECT_INPUT names job "wbe", which the Procfile has not (did you mean "web"?)',
    });
    expect(settingsOf("GAFFER_REDIRECT_INPUT=wbe\n", undefined).redirectInput).toEqual(new Set(["wbe"]));
  });
});
