import { expect, test } from "bun:test";
import { permitEvents } from "../../../../src/apps/control/event-access.ts";
import type { Caller } from "../../../../src/base/caller.ts";
import { GafferError } from "../../../../src/base/gaffer-error.ts";
import { ManagedWorld } from "../../manager/managed-world.ts";

/** What a pattern asks a caller for. */
async function asks(pattern: string): Promise<string> {
  await using world = new ManagedWorld();
  world.load();
  let asked = "";
  const caller: Caller = {
    label: "key tester",
    keyId: "1",
    may: (permission, target = "*") => {
      asked = `${permission} ${target}`;
      return false;
    },
  };
  try {
    permitEvents(caller, pattern, world.manager);
  } catch (error) {
    if (error instanceof GafferError && error.code !== "forbidden") return error.code;
  }
  return asked;
}

test("events of one job are for who may read it, all others for who may manage everything", async () => {
  const cases = {
    ".": "manage *",
    exit: "manage *",
    job: "manage *",
    "job.default": "manage *",
    "job.default.dummy": "read default.dummy",
    "job.default.dummy.exit": "read default.dummy",
    "proc.1": "read default.dummy",
    "proc.1.exit": "read default.dummy",
    "proc.99": "process_not_found",
    "proc.default.dummy": "read default.dummy",
    "proc.default.dummy.exit": "read default.dummy",
    // Of the jobs of that name in whatever session, not of the job "exit" of a session of that name.
    "proc.dummy": "manage *",
    "proc.dummy.exit": "manage *",
    "proc.dummy.stop_pid": "manage *",
  };
  for (const [pattern, want] of Object.entries(cases)) expect([pattern, await asks(pattern)]).toEqual([pattern, want]);
});
