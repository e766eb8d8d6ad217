import { fields } from "./arguments.ts";
import { type Command, defineCommand } from "./command.ts";
import { okResult, pluginsResult } from "./results.ts";

/** The plugins, and how they stand. */
export const plugins: Command = defineCommand({
  name: "plugins",
  summary: "List the plugins, and how they stand",
  permission: "manage",
  args: fields({}),
  result: pluginsResult,
  run: (ports) => ({ body: { plugins: ports.plugins() } }),
});

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
