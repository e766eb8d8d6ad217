import { describe, expect, test } from "bun:test";
import { addWebhook, removeWebhook, webhooks } from "../../../../src/apps/control/webhook-commands.ts";
import type { Command } from "../../../../src/apps/control/command.ts";
import { Control } from "../../../../src/apps/control/control.ts";
import { type Caller, OWNER, type Permission } from "../../../../src/base/caller.ts";
import { OutputHub } from "../../../../src/output/output-hub.ts";
import { rejectedBy } from "../../../support/rejected-by.ts";
import { HookedWorld } from "../webhooks/hooked-world.ts";

const url = "https://u:pa55@ops.example/hook?t=t0k3n";
const secret = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;

const rethrow = (error: unknown): never => {
  throw error;
};

/** A caller who may manage some things, and not all. */
const limited: Caller = {
  label: "key of default.web",
  keyId: "k",
  may: (permission: Permission, target?: string) => permission !== "manage" || target !== undefined,
};

/** A control over webhooks, and how a command ends for somebody. */
function controlOf({ world, hooks }: HookedWorld) {
  const control = new Control({
    manager: world.manager,
    output: new OutputHub({ memoryBytes: 1, keptBytes: 1, onError: rethrow }),
    webhooks: hooks,
    stats: () => Promise.resolve(new Map()),
    totalMemoryBytes: 1,
    plugins: () => [],
    access: undefined,
    shutdown: () => undefined,
  });
  return async (command: Command, args: unknown, caller: Caller = OWNER): Promise<unknown> =>
    (await control.execute(command, args, caller)).body;
}

describe("the commands of webhooks", () => {
  test("add, list and remove, and show no secret", async () => {
    await using hooked = await HookedWorld.started();
    const run = controlOf(hooked);
    expect(await run(addWebhook, { event: "job.default.Web.", url, secret })).toEqual({ ok: true });
    const listed = await run(webhooks, {});
    expect(listed).toEqual({
      webhooks: [
        {
          event: "job.default.Web",
          url: "https://***@ops.example/hook?***",
          signed: true,
          configured: false,
          pending: 0,
          delivered: 0,
          failed: 0,
          dropped: 0,
          last_error: null,
          gone: false,
        },
      ],
    });
    expect(await run(removeWebhook, { event: "job.default.Web", url })).toEqual({ ok: true });
    expect(await run(webhooks, {})).toEqual({ webhooks: [] });
  });

  test.each([
    [{ event: "exti", url }, "bad_topic"],
    [{ event: "", url }, "bad_topic"],
    [{ event: "exit", url: "ops.example" }, "bad_request"],
    [{ event: "exit", url: "file:///etc/passwd" }, "bad_request"],
    [{ event: "exit", url, secret: "" }, "bad_request"],
    [{ event: "exit", url, secret: "whsec_c2hvcnQ=" }, "bad_request"],
    [{ event: "exit", url, secret: ["pa55"] }, "bad_request"],
    [{ event: "exit" }, "bad_request"],
    [{ event: "exit", url, retries: 3 }, "bad_request"],
  ])("refuse %j, change nothing and tell no secret", async (args, code) => {
    await using hooked = await HookedWorld.started();
    const run = controlOf(hooked);
    const error = await rejectedBy(run(addWebhook, args));
    expect(error).toMatchObject({ code });
    expect(JSON.stringify(error)).not.toMatch(/pa55|t0k3n|c2hvcnQ/);
    expect(hooked.hooks.list).toEqual([]);
  });

  test("are only for who may manage everything", async () => {
    await using hooked = await HookedWorld.started();
    const run = controlOf(hooked);
    await run(addWebhook, { event: "exit", url });
    for (const [command, args] of [
      [webhooks, {}],
      [addWebhook, { event: "load", url }],
      [removeWebhook, { event: "exit", url }],
    ] as const) {
      expect(await rejectedBy(run(command, args, limited))).toMatchObject({ code: "forbidden" });
    }
    expect(hooked.hooks.list.map(({ pattern }) => pattern)).toEqual(["exit"]);
  });
});
