import { wantsColour } from "../cli/colour.ts";
import type { Command } from "../cli/command.ts";
import type { CommandSpec } from "../cli/flag-spec.ts";
import { parseFlags } from "../cli/parse-flags.ts";
import { applicationFlags, concurrencyFlag, readProcfile } from "./application-flags.ts";
import { readChecked } from "./checked-settings.ts";
import { isPortTaken } from "./port-probe.ts";
import { planStart } from "./start-plan.ts";

const spec = {
  name: "start",
  summary: "Run the Procfile here: start every job, restart what ends, stop all on Ctrl-C",
  examples: ["gaffer start", "gaffer start web -p 8000", "gaffer start -c web=2,worker=3 -e test.env"],
  positionals: { name: "job…", description: "Jobs to start; without any, all of the Procfile" },
  flags: {
    ...concurrencyFlag,
    ...applicationFlags,
    port: {
      type: "port",
      short: "p",
      value: "PORT",
      description: "PORT of the first process; +100 a job, +1 a process (else PORT of the environment, else 5000)",
    },
    timeout: {
      type: "seconds",
      short: "t",
      value: "SECONDS",
      description: "How long a stop waits before it kills (else 30)",
    },
    exit: { type: "boolean", description: "Stop all when the first process ends, and end with its code" },
    restart: { type: "boolean", default: true, description: "Run every process once" },
    json: { type: "boolean", description: "Write one JSON object a line" },
  },
} as const satisfies CommandSpec;

/** `gaffer start`. */
export const startCommand: Command = {
  spec,
  async run(args, context) {
    const { flags, positionals } = parseFlags(spec, args);
    const procfile = readProcfile(flags, context);
    const settings = readChecked(procfile, { ...flags, jobs: positionals }, context);
    const facts = { userPort: context.env["PORT"], isTaken: isPortTaken };
    // A run that ends with its first process starts none again.
    const restart = flags.restart && !flags.exit;
    const plan = planStart({ procfile, settings }, { ...flags, restart, jobs: positionals }, facts);
    const { startHere } = await import("./start-here.ts");
    const colour = wantsColour({ refused: !flags.color, env: context.env, terminal: context.isTerminal(1) });
    return startHere(plan, { exitWithFirst: flags.exit, restarts: flags.restart, colour, json: flags.json });
  },
};
