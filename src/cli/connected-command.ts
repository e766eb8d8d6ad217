import { wantsColour } from "./colour.ts";
import type { CliContext, Command } from "./command.ts";
import { connectionFlags } from "./connection-flags.ts";
import type { CommandSpec, FlagSpecs, FlagValues } from "./flag-spec.ts";
import { parseFlags } from "./parse-flags.ts";
import { print, say } from "./stdout.ts";

/** A command that talks to a daemon, as it was called. */
export interface ConnectedCall<F extends FlagSpecs, Client> {
  readonly client: Client;
  readonly flags: FlagValues<F & typeof connectionFlags>;
  /** What stands without a flag. */
  readonly args: readonly string[];
  readonly context: CliContext;
  /** Whether stdout takes colours. */
  readonly colour: boolean;
}

/** What the flags say of the daemon that is meant. */
export type ConnectionChoice = { readonly [Name in keyof typeof connectionFlags]: string | undefined };

/** Finds the daemon that the flags and the environment name. */
export type Connect<Client> = (
  choice: ConnectionChoice,
  surroundings: { readonly env: CliContext["env"]; readonly uid: number },
) => Promise<Client>;

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

/**
 * A command that talks to a daemon: takes its flags and those that name the daemon.
 *
 * @param run - carries it out; gives the exit code.
 */
export function connectedCommand<F extends FlagSpecs, Client>(
  spec: CommandSpec<F>,
  connect: Connect<Client>,
  run: (call: ConnectedCall<F, Client>) => Promise<number>,
): Command {
  const whole: CommandSpec<F & typeof connectionFlags> = { ...spec, flags: { ...spec.flags, ...connectionFlags } };
  return {
    spec: whole,
    async run(args, context) {
      const { flags, positionals } = parseFlags(whole, args);
      const choice = {
        endpoint: text(flags["endpoint"]),
        "api-key-file": text(flags["api-key-file"]),
        cacert: text(flags["cacert"]),
        certfile: text(flags["certfile"]),
        keyfile: text(flags["keyfile"]),
      };
      const client = await connect(choice, { env: context.env, uid: process.getuid?.() ?? 0 });
      const colour = wantsColour({ refused: !flags.color, env: context.env, terminal: context.isTerminal(1) });
      return run({ client, flags, args: positionals, context, colour });
    },
  };
}

/** Says what came of a change: its line on stdout, if it has one, the rest on stderr. @returns its exit code */
export function tellOutcome(outcome: {
  readonly line: string;
  readonly talk: readonly string[];
  readonly exitCode: number;
}): number {
  if (outcome.line !== "") print(`${outcome.line}\n`);
  for (const words of outcome.talk) say(`gaffer: ${words}\n`);
  return outcome.exitCode;
}
