import type { Command } from "../cli/command.ts";
import { jsonFlag } from "../cli/connection-flags.ts";
import { print } from "../cli/stdout.ts";
import { type Cell, renderTable } from "../cli/table.ts";
import type { PluginBody, PluginState } from "../wire/plugin-body.ts";
import { ctlCommand } from "./ctl-call.ts";

const spec = {
  name: "plugins",
  summary: "Show the plugins, how they stand, and what went wrong with them last",
  examples: ["gaffer ctl plugins", "gaffer ctl plugins --json"],
  flags: jsonFlag,
} as const;

const HEAD = ["PLUGIN", "VERSION", "STATE", "SITE", "PATH", "ABOUT"];
/** Foreground colours of SGR: green is well, yellow is on its way, red needs a look. */
const colours: Partial<Record<PluginState, number>> = { running: 32, starting: 33, failed: 31 };

function pluginRow({ name, version, state, site, path, description, error }: PluginBody): (string | Cell)[] {
  return [name, version || "-", { text: state, colour: colours[state] }, site ?? "-", path, error ?? description];
}

/** The plugins, a line each. */
export const pluginsCommand: Command = ctlCommand(spec, async ({ client, flags, colour }) => {
  const { plugins } = await client.json<{ plugins: PluginBody[] }>("/plugins");
  if (flags.json) print(`${JSON.stringify(plugins)}\n`);
  else if (plugins.length > 0) print(renderTable({ head: HEAD, rows: plugins.map(pluginRow), colour }));
  return 0;
});
