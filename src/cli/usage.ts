import { defineCommand, renderUsage, type ArgsDef } from "citty";
import type { SubCommand } from "./command.ts";
import { commandSummaries } from "./command-names.ts";
import { type CommandSpec, type FlagSpec, globalFlags } from "./flag-spec.ts";

/** The help of one command: examples first, then its arguments and flags. */
export async function commandUsage(
  spec: CommandSpec,
  below: Readonly<Record<string, SubCommand>> = {},
): Promise<string> {
  const args: ArgsDef = {};
  for (const [name, flag] of Object.entries({ ...spec.flags, ...globalFlags })) {
    const [shown, definition] = flagDefinition(name, flag);
    args[shown] = definition;
  }
  if (spec.positionals) {
    const { name, description } = spec.positionals;
    args[name] = { type: "positional", description, required: false };
  }
  const subCommands = Object.fromEntries(
    Object.entries(below).map(([name, { summary }]) => [name, defineCommand({ meta: { name, description: summary } })]),
  );
  const meta = { name: spec.name, description: spec.summary };
  const command = defineCommand(Object.keys(below).length === 0 ? { meta, args } : { meta, args, subCommands });
  const usage = await renderUsage(command, defineCommand({ meta: { name: "gaffer" } }));
  return `${examples(spec.examples)}\n${tidy(usage)}`;
}

/** The help of the program: examples, and its commands. */
export async function programUsage(): Promise<string> {
  const subCommands = Object.fromEntries(
    Object.entries(commandSummaries).map(([name, description]) => [
      name,
      defineCommand({ meta: { name, description } }),
    ]),
  );
  const description = "Control, watch and launch your applications and jobs";
  const usage = await renderUsage(defineCommand({ meta: { name: "gaffer", description }, subCommands }));
  const shown = ["gaffer start", "gaffer start -c web=2,worker=3 -p 8000", "gaffer help start"];
  return `${examples(shown)}\n${tidy(usage)}`;
}

/** Without the blanks that pad each line, and with one newline at the end. */
const tidy = (text: string): string => `${text.replace(/[ \t]+$/gm, "").trimEnd()}\n`;

const examples = (lines: readonly string[]): string => lines.map((line) => `  $ ${line}\n`).join("");

function flagDefinition(name: string, flag: FlagSpec): [shown: string, ArgsDef[string]] {
  const alias = flag.short === undefined ? {} : { alias: flag.short };
  const description = flag.repeatable ? `${flag.description} (may be repeated)` : flag.description;
  if (flag.type !== "boolean" && flag.type !== "count") {
    return [name, { type: "string", description, ...alias, valueHint: flag.value ?? "VALUE" }];
  }
  return [flag.default ? `no-${name}` : name, { type: "boolean", description, ...alias }];
}
