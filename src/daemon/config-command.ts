import type { Command } from "../cli/command.ts";
import { parseFlags } from "../cli/parse-flags.ts";
import { print } from "../cli/stdout.ts";
import { configSchema } from "../config/config-json-schema.ts";

const schemaSpec = {
  name: "config schema",
  summary: "Print the JSON Schema of a configuration file",
  examples: ["gaffer config schema > gaffer.schema.json"],
  flags: {},
} as const;

const schemaCommand: Command = {
  spec: schemaSpec,
  run() {
    print(`${JSON.stringify(configSchema(), null, 2)}\n`);
    return 0;
  },
};

const spec = {
  name: "config",
  summary: "Tell about configuration files",
  examples: ["gaffer config schema", "gaffer daemon --check gaffer.ini"],
  flags: {},
} as const;

/** `gaffer config`: what configuration files may hold. */
export const configCommand: Command = {
  spec,
  subCommands: {
    schema: { summary: schemaSpec.summary, load: () => Promise.resolve(schemaCommand) },
  },
  run(args) {
    parseFlags(spec, args);
    return 0;
  },
};
