import type { DaemonClient } from "../client/daemon-client.ts";
import { wantsColour } from "../cli/colour.ts";
import type { CliContext, Command } from "../cli/command.ts";
import { connectionFlags } from "../cli/connection-flags.ts";
import type { CommandSpec, FlagSpecs, FlagValues } from "../cli/flag-spec.ts";
import { parseFlags } from "../cli/parse-flags.ts";
import { findDaemon } from "../remote/find-daemon.ts";

/** A command that was given to `gaffer ctl`, and the daemon it is for. */
export interface CtlCall<F extends FlagSpecs> {
  readonly client: DaemonClient;
  readonly flags: FlagValues<F & typeof connectionFlags>;
  /** What stands without a flag. */
  readonly args: readonly string[];
  readonly context: CliContext;
  /** Whether stdout takes colours. */
  readonly colour: boolean;
}

/**
 * A command of `gaffer ctl`.
 *
 * @param run - carries it out; gives the exit code.
 */
export function ctlCommand<F extends FlagSpecs>(
  spec: CommandSpec<F>,
  run: (call: CtlCall<F>) => Promise<number>,
): Command {
  const whole: CommandSpec<F & typeof connectionFlags> = {
    ...spec,
    name: `ctl ${spec.name}`,
    flags: { ...spec.flags, ...connectionFlags },
  };
  return {
    spec: whole,
    async run(args, context) {
      const { flags, positionals } = parseFlags(whole, args);
      const client = await findDaemon(
        { endpoint: text(flags["endpoint"]), "api-key-file": text(flags["api-key-file"]) },
        { env: context.env, uid: process.getuid?.() ?? 0 },
      );
      const colour = wantsColour({ refused: !flags.color, env: context.env, terminal: context.isTerminal(1) });
      return run({ client, flags, args: positionals, context, colour });
    },
  };
}

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
