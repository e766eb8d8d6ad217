import { fields } from "./arguments.ts";
import { type Command, defineCommand } from "./command.ts";

/** Ends the daemon in order; everything is stopped. */
export const shutdown: Command = defineCommand({
  name: "shutdown",
  permission: "all",
  args: fields({}),
  run: (ports) => {
    ports.shutdown();
    return { body: { ok: true } };
  },
});
