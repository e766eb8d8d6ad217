import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { Pidfile } from "../../../src/host/pidfile.ts";
import { TempDir } from "../../support/temp-dir.ts";
import { thrownBy } from "../../support/thrown-by.ts";
import { Zombie } from "../../support/zombie.ts";

const own = `${process.pid}\n`;

let dir: TempDir;
let path: string;
let file: Pidfile;

beforeEach(() => {
  dir = new TempDir();
  path = dir.file("gaffer.pid");
  file = new Pidfile(path);
});

afterEach(() => dir[Symbol.dispose]());

const text = (at = path): string => readFileSync(at, "utf8");

describe("create", () => {
  test("writes our pid, for all to read, and nothing beside it", () => {
    const before = process.umask(0o77);
    try {
      file.create();
    } finally {
      process.umask(before);
    }
    expect(text()).toBe(own);
    expect(statSync(path).mode & 0o777).toBe(0o644);
    expect(readdirSync(dir.path)).toEqual(["gaffer.pid"]);
  });

  test("a file held by a running process stays, and the process is named", async () => {
    await using other = Bun.spawn(["sleep", "1000"]);
    dir.write("gaffer.pid", `${other.pid}\n`);
    expect(thrownBy(() => file.create())).toEqual({
      code: "pidfile_held",
      message: `Cannot create pid file "${path}": it is held by the running process ${other.pid} (stop that, or use another pid file)`,
    });
    expect(text()).toBe(`${other.pid}\n`);
    expect(file.validate()).toBe(other.pid);
  });

  test("a process of another user holds it, too", () => {
    dir.write("gaffer.pid", "1");
    expect(thrownBy(() => file.create()).code).toBe("pidfile_held");
  });

  test("a dead process does not", async () => {
    const dead = Bun.spawn(["true"]);
    await dead.exited;
    dir.write("gaffer.pid", `${dead.pid}\n`);
    expect(file.validate()).toBeUndefined();
    file.create();
    expect(text()).toBe(own);
  });

  test("nor does a zombie", async () => {
    await using zombie = await Zombie.make();
    dir.write("gaffer.pid", String(zombie.pid));
    expect(file.validate()).toBeUndefined();
  });

  test.each(["", "\n", "0", "-1", "-5\n", "garbage", "12x", "1 2", "1.5", "4194305", "99999999999999999999"])(
    "what names no process is overwritten: %p",
    (garbage) => {
      dir.write("gaffer.pid", garbage);
      file.create();
      expect(text()).toBe(own);
    },
  );

  test("our own pid, left by another life, is no obstacle", () => {
    dir.write("gaffer.pid", own);
    dir.write(`gaffer.pid.${process.pid}`, "half");
    file.create();
    expect(text()).toBe(own);
    expect(readdirSync(dir.path)).toEqual(["gaffer.pid"]);
  });

  test("a link is replaced, what it names is not touched", () => {
    const target = dir.write("target", "precious");
    symlinkSync(target, path);
    file.create();
    expect(text(target)).toBe("precious");
    expect(text()).toBe(own);
  });

  test("a missing folder, a file as folder, and a folder as file are said", () => {
    const missing = dir.file("no/gaffer.pid");
    expect(thrownBy(() => new Pidfile(missing).create())).toEqual({
      code: "usage",
      message: `Cannot create pid file "${missing}": folder "${dir.file("no")}" does not exist (create it first)`,
    });
    dir.write("plain", "");
    const below = dir.file("plain/gaffer.pid");
    expect(thrownBy(() => new Pidfile(below).create()).message).toBe(
      `Cannot read pid file "${below}": "${dir.file("plain")}" is not a folder`,
    );
    mkdirSync(path);
    expect(thrownBy(() => file.create()).message).toBe(`Cannot read pid file "${path}": it is a folder`);
    expect(readdirSync(dir.path).toSorted()).toEqual(["gaffer.pid", "plain"]);
  });
});

describe("unlink", () => {
  test("removes what is ours", () => {
    file.create();
    file.unlink();
    expect(readdirSync(dir.path)).toEqual([]);
    file.unlink();
  });

  test("leaves what is another's by now", () => {
    file.create();
    dir.write("gaffer.pid", "1\n");
    file.unlink();
    expect(text()).toBe("1\n");
  });
});

describe("rename", () => {
  test("moves the file", () => {
    file.create();
    const moved = dir.file("moved.pid");
    file.rename(moved);
    expect(file.path).toBe(moved);
    expect(text(moved)).toBe(own);
    expect(readdirSync(dir.path)).toEqual(["moved.pid"]);
    file.rename(moved);
    expect(text(moved)).toBe(own);
  });

  test("leaves everything as it was when the new path is held", () => {
    file.create();
    const held = dir.write("held.pid", "1\n");
    expect(thrownBy(() => file.rename(held)).code).toBe("pidfile_held");
    expect([file.path, text(), text(held)]).toEqual([path, own, "1\n"]);
  });
});
