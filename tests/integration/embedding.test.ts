import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Manager, systemClock, WebHooks } from "../../src/lib.ts";
import { WebhookReceiver } from "../support/webhook-receiver.ts";
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

test("a program that embeds gaffer posts events to URLs, the last ones at its end", async () => {
  await using receiver = new WebhookReceiver();
  const hooks = new WebHooks({ clock: systemClock });
  hooks.register({ pattern: "job.shop.web", url: receiver.url });
  {
    await using manager = new Manager();
    await manager.start([hooks]);
    await manager.load({ name: "shop.web", cmd: "sleep 1000" }).done;
    manager.load({ name: "shop.other", cmd: "sleep 1000" }, { start: false });
    await manager.stop();
  }
  expect(receiver.events.slice(0, 4)).toEqual(["load", "start", "spawn", "stop"].map((kind) => `${kind} shop.web`));
  expect(receiver.events.at(-1)).toBe("exit shop.web");
  expect(receiver.received[0]?.headers["webhook-id"]).toMatch(/^msg_[0-9a-f]{8}_1$/);
});
