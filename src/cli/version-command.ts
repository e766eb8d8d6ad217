import { buildInfo, describeBuild } from "./build-info.ts";
import type { Command } from "./command.ts";
import type { CommandSpec } from "./flag-spec.ts";
import { parseFlags } from "./parse-flags.ts";
import { print } from "./stdout.ts";

const spec = {
  name: "version",
  summary: "Show the version",
  examples: ["gaffer version", "gaffer version --json"],
  flags: { json: { type: "boolean", description: "Write JSON" } },
} as const satisfies CommandSpec;

/** `gaffer version`. */
export const versionCommand: Command = {
  spec,
  run(args) {
    const { flags } = parseFlags(spec, args);
    const info = buildInfo();
    print(`${flags.json ? JSON.stringify(info) : describeBuild(info)}\n`);
    return 0;
  },
};
