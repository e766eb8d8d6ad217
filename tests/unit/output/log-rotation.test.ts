import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { rotateLog } from "../../../src/output/log-rotation.ts";
import { TempDir } from "../../support/temp-dir.ts";

const contents = (dir: TempDir): Record<string, string> =>
  Object.fromEntries(readdirSync(dir.path).map((name) => [name, readFileSync(dir.file(name), "utf8")]));

describe("rotateLog", () => {
  test("moves each file on by one, and the oldest goes", () => {
    using dir = new TempDir({ log: "d", "log.1": "c", "log.2": "b", "log.3": "a" });
    rotateLog(dir.file("log"), 3);
    expect(contents(dir)).toEqual({ "log.1": "d", "log.2": "c", "log.3": "b" });
  });

  test("fills a gap in the row and leaves what is behind it", () => {
    using dir = new TempDir({ log: "d", "log.1": "c", "log.3": "a" });
    rotateLog(dir.file("log"), 5);
    expect(contents(dir)).toEqual({ "log.1": "d", "log.2": "c", "log.3": "a" });
  });

  test("keeps none when none is to be kept", () => {
    using dir = new TempDir({ log: "d", "log.1": "c" });
    rotateLog(dir.file("log"), 0);
    expect(contents(dir)).toEqual({ "log.1": "c" });
  });

  test("one backup is replaced", () => {
    using dir = new TempDir({ log: "d", "log.1": "c" });
    rotateLog(dir.file("log"), 1);
    expect(contents(dir)).toEqual({ "log.1": "d" });
  });

  test("what can't be moved costs no backup, however often it is tried", () => {
    using dir = new TempDir({ log: "d", "log.2": "b" });
    mkdirSync(dir.file("log.1"));
    for (let n = 0; n < 5; n++) {
      const path = dir.file("log.1");
      // A folder that is not empty can't be replaced.
      mkdirSync(`${path}/x`, { recursive: true });
      expect(() => rotateLog(dir.file("log"), 1)).toThrow("EISDIR");
    }
    expect(readFileSync(dir.file("log"), "utf8") + readFileSync(dir.file("log.2"), "utf8")).toBe("db");
  });
});
