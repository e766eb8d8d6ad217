import { fields } from "./arguments.ts";
import { type Command, defineCommand } from "./command.ts";
import { okResult } from "./results.ts";

/** Ends the daemon in order; everything is stopped. */
export const shutdown: Command = defineCommand({
  name: "shutdown",
  summary: "End the daemon; everything is stopped",
  permission: "manage",
  args: fields({}),
  result: okResult,
  run: (ports) => {
    ports.shutdown();
    return { body: { ok: true } };
  },
});
