import type { CommandSpec } from "./flag-spec.ts";

/** What a command may know of the world it was called from. */
export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute current directory. */
  readonly cwd: string;
  /** Whether a stream (1 stdout, 2 stderr) is a terminal. */
  readonly isTerminal: (fd: number) => boolean;
}

/** A command below another one, as `gaffer ctl status`. */
export interface SubCommand {
  /** What the overview says of it. */
  readonly summary: string;
  readonly load: CommandLoader;
}

/** A command. */
export interface Command {
  readonly spec: CommandSpec;
  /** Commands below it, by name: the first word that is no flag chooses one. */
  readonly subCommands?: Readonly<Record<string, SubCommand>>;
  /**
   * Carries it out.
   *
   * @param args - what follows its name.
   * @returns the exit code of the program.
   */
  readonly run: (args: readonly string[], context: CliContext) => Promise<number> | number;
}

/** Loads a command when it is called, since what is not loaded costs no start-up time. */
export type CommandLoader = () => Promise<Command>;
