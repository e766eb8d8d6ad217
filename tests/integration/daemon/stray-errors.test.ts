import { expect, test } from "bun:test";
import { join } from "node:path";

test("StrayErrors logs what nobody caught, goes on, and turns the exit code into 70", () => {
  const fixture = join(import.meta.dir, "..", "..", "fixtures", "stray-errors.ts");
  const { stdout, exitCode } = Bun.spawnSync([process.execPath, fixture], { stdio: ["ignore", "pipe", "inherit"] });
  const said = stdout.toString();
  expect(exitCode).toBe(0);
  expect(said).toStartWith("code 0\n");
  expect(said).toContain("thrown in a timer");
  expect(said).toContain("rejected");
  expect(said).toEndWith("code 70\n");
});
