import { expect, test } from "bun:test";
import type { Command, Outcome } from "../../../../src/apps/control/command.ts";
import { Control } from "../../../../src/apps/control/control.ts";
import { restartSession, startSession, stopSession } from "../../../../src/apps/control/session-commands.ts";
import { WebHooks } from "../../../../src/apps/webhooks/web-hooks.ts";
import { type Caller, OWNER } from "../../../../src/base/caller.ts";
import { OutputHub } from "../../../../src/output/output-hub.ts";
import { rejectedBy } from "../../../support/rejected-by.ts";
import { ManagedWorld } from "../../manager/managed-world.ts";

/** How a command on a session ends for somebody. */
function controlOf({ manager, clock }: ManagedWorld) {
  const control = new Control({
    manager,
    output: new OutputHub(),
    webhooks: new WebHooks({ clock }),
    access: undefined,
    stats: () => Promise.resolve(new Map()),
    totalMemoryBytes: 1,
    plugins: () => [],
    shutdown: () => undefined,
  });
  return (command: Command, args: unknown, caller: Caller = OWNER): Promise<Outcome> =>
    control.execute(command, args, caller);
}

/** Three jobs of a session, of which none runs, and one of another. */
function loaded(): ManagedWorld {
  const world = new ManagedWorld();
  const jobs = { "s.a": 2, "s.b": 1, "s.c": 2, "t.a": 0 };
  for (const [name, priority] of Object.entries(jobs)) world.load({ name, priority, start: false });
  world.events.splice(0);
  return world;
}

const heard = (world: ManagedWorld, kind: string): string[] =>
  world.events.splice(0).flatMap(({ event, name }) => (event === kind ? [name] : []));

test("a session starts in order of priority, then of load, and stops the other way round", async () => {
  await using world = loaded();
  const run = controlOf(world);
  const started = await run(startSession, { session: "s" });
  expect(started.body).toEqual({ ok: true, jobs: ["s.b", "s.a", "s.c"] });
  expect(await started.done).toMatchObject({ running: 3, wanted: 3, problems: [] });
  expect(heard(world, "start")).toEqual(["s.b", "s.a", "s.c"]);
  const stopped = await run(stopSession, { session: "s" });
  expect(heard(world, "stop")).toEqual(["s.c", "s.a", "s.b"]);
  world.host.obey();
  expect(await stopped.done).toMatchObject({ running: 0, wanted: 0 });
  expect(world.manager.jobs()).toEqual(["s.a", "s.b", "s.c", "t.a"]);
});

test("a restart reaches every job of the session and no other", async () => {
  await using world = loaded();
  const run = controlOf(world);
  await run(startSession, { session: "s" });
  world.manager.startJob("t.a");
  heard(world, "");
  await run(restartSession, { session: "s" });
  expect(heard(world, "restart")).toEqual(["s.b", "s.a", "s.c"]);
});

test("one that has no job, and who may not, change nothing", async () => {
  await using world = loaded();
  const run = controlOf(world);
  const reader: Caller = { label: "key r", keyId: "1", may: (permission) => permission === "read" };
  for (const command of [startSession, stopSession, restartSession]) {
    expect((await rejectedBy(run(command, { session: "none" }))).code).toBe("session_not_found");
    expect((await rejectedBy(run(command, {}))).code).toBe("bad_request");
    expect((await rejectedBy(run(command, { session: "s" }, reader))).code).toBe("forbidden");
  }
  expect(world.events).toEqual([]);
});
