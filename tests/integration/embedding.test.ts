import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { TempDir } from "../support/temp-dir.ts";

const root = join(import.meta.dir, "..", "..");

test("README's program that embeds gaffer runs, says what it promises, and ends by itself", () => {
  const example = /## Embedding[^]*?```ts\n([^]*?)```/.exec(readFileSync(join(root, "README.md"), "utf8"))?.[1] ?? "";
  using dir = new TempDir({ "example.ts": example.replace('"gaffer"', JSON.stringify(join(root, "src", "lib.ts"))) });
  const { stdout, stderr, exitCode } = Bun.spawnSync([process.execPath, dir.file("example.ts")], { cwd: dir.path });
  expect(stderr.toString()).toBe("");
  const said = stdout.toString();
  expect(said).toContain("running: 1");
  expect(said).toContain("hello\n");
  expect(said).toContain("numprocesses: 3");
  expect(said.match(/^echo\.\d: stopped$/gm)?.toSorted()).toEqual([
    "echo.1: stopped",
    "echo.2: stopped",
    "echo.3: stopped",
  ]);
  expect(exitCode).toBe(0);
});
