import { expect, test } from "bun:test";
import { join } from "node:path";

const log = join(import.meta.dir, "..", "..", "..", "src", "base", "log.ts");

/** What a program says that logs, run with its outputs apart. */
function logged(level: string, script: string): { stdout: string; stderr: string } {
  const program = `const { openLog } = await import(${JSON.stringify(log)}); const log = await openLog("${level}"); ${script}`;
  const { stdout, stderr } = Bun.spawnSync([process.execPath, "--no-env-file", "-e", program], {
    env: { ...process.env, NODE_ENV: "test", NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { stdout: stdout.toString(), stderr: stderr.toString() };
}

test("openLog() writes every line to stderr, also one that repeats, also under a test", () => {
  const { stdout, stderr } = logged("info", 'for (let n = 0; n < 9; n++) log.info("same"); log.error("last");');
  expect(stdout).toBe("");
  expect(stderr.match(/same/g)).toHaveLength(9);
  expect(stderr).toEndWith("last\n");
});

test.each([
  ["error", ["e"]],
  ["warn", ["e", "w"]],
  ["info", ["e", "w", "i"]],
  ["debug", ["e", "w", "i", "d"]],
])("openLog() at level %s writes %j", (level, heard) => {
  const script = 'log.error("say-e"); log.warn("say-w"); log.info("say-i"); log.debug("say-d");';
  expect([...logged(level, script).stderr.matchAll(/say-(\w)/g)].map(([, word]) => word)).toEqual(heard);
});
