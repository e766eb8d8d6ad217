import { GafferError } from "../base/gaffer-error.ts";
import type { Command } from "../cli/command.ts";

/** Commands of `gaffer ctl` below one word. */
export interface CommandGroup {
  readonly name: string;
  readonly summary: string;
  readonly commands: Readonly<Record<string, Command>>;
}

/** A command that is nothing but those below it. */
export function groupCommand({ name, summary, commands }: CommandGroup): Command {
  const subCommands = Object.fromEntries(
    Object.entries(commands).map(([word, command]) => [
      word,
      { summary: command.spec.summary, load: () => Promise.resolve(command) },
    ]),
  );
  const examples = Object.values(commands).flatMap(({ spec }) => spec.examples.slice(0, 1));
  return {
    spec: { name: `ctl ${name}`, summary, examples, flags: {} },
    subCommands,
    run(args) {
      const [flag = ""] = args;
      throw new GafferError(
        "usage",
        `Cannot run gaffer ctl ${name}${flag && ` ${flag}`}: it needs a command; see "gaffer help ctl ${name}"`,
      );
    },
  };
}
