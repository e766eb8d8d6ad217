import { expect, test } from "bun:test";
import { existsSync, readFileSync, statSync } from "node:fs";
import { Pidfile } from "../../../src/host/pidfile.ts";
import { TempDir } from "../../support/temp-dir.ts";

test("Pidfile holds our pid, readable by all, and goes with us", () => {
  using dir = new TempDir();
  const pidfile = new Pidfile(dir.file("gaffer.pid"));
  pidfile.create();
  expect(readFileSync(pidfile.path, "utf8")).toBe(`${process.pid}\n`);
  expect(statSync(pidfile.path).mode & 0o777).toBe(0o644);
  expect(pidfile.validate()).toBe(process.pid);
  pidfile.rename(dir.file("other.pid"));
  expect([existsSync(dir.file("gaffer.pid")), pidfile.path]).toEqual([false, dir.file("other.pid")]);
  pidfile.unlink();
  expect(existsSync(dir.file("other.pid"))).toBe(false);
});

test("Pidfile.create() refuses a file that another living process holds, and names it", () => {
  using dir = new TempDir();
  const pidfile = new Pidfile(dir.write("gaffer.pid", `${process.ppid}\n`));
  expect(() => pidfile.create()).toThrow(new RegExp(`process ${process.ppid} holds it`));
  pidfile.unlink();
  expect(readFileSync(pidfile.path, "utf8")).toBe(`${process.ppid}\n`);
});

test.each(["", "garbage", "0", "-1", "99999999", "\0\0"])("Pidfile.create() overwrites one that holds %j", (text) => {
  using dir = new TempDir();
  const pidfile = new Pidfile(dir.write("gaffer.pid", text));
  expect(pidfile.validate()).toBeUndefined();
  pidfile.create();
  expect(pidfile.validate()).toBe(process.pid);
});

test("Pidfile.create() says why it can't be written", () => {
  expect(() => new Pidfile("/no/such/folder/gaffer.pid").create()).toThrow(
    /Cannot write pidfile "\/no\/such\/folder\/gaffer.pid"/,
  );
});
