import { expect, test } from "bun:test";
import { wholeTrees } from "../../support/tree-run.ts";

test.each(wholeTrees)("as PID 1, trees held by %s: orphans are reaped, and exit codes are right", async (trees) => {
  const fixture = `${import.meta.dir}/../../fixtures/as-init.ts`;
  const argv = ["unshare", "--pid", "--fork", "--mount-proc", process.execPath, fixture, trees];
  const child = Bun.spawn(argv, { stdio: ["ignore", "pipe", "inherit"] });
  const said = await child.stdout.text();
  expect(said).toMatch(/^pid 1, codes 5, 7 (true|false), nobody left\n$/);
  expect(await child.exited).toBe(42);
});
