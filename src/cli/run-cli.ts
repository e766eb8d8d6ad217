import { basename } from "node:path";
import { GafferError } from "../base/gaffer-error.ts";
import type { CliContext, Command, CommandLoader } from "./command.ts";
import type { CommandSpec } from "./flag-spec.ts";
import { commandOfProgram, type CommandName, resolveCommand } from "./command-names.ts";
import { ClosedPipe, print, say } from "./stdout.ts";
import { wantsColour } from "./colour.ts";

/** How the program was called. */
export interface CliCall {
  /** Name it was called by; a link may choose the command. */
  readonly argv0: string;
  /** What follows the name. */
  readonly argv: readonly string[];
  readonly context: CliContext;
  readonly commands: Readonly<Record<Exclude<CommandName, "help">, CommandLoader>>;
}

/**
 * Runs the command that was asked for, and says on stderr what kept it from being carried out.
 *
 * @returns the exit code: the command's own, that of the {@link GafferError}, 0 when the reader of stdout has gone, 70 for a bug.
 */
export async function runCli(call: CliCall): Promise<number> {
  try {
    return await dispatch(call);
  } catch (error) {
    if (error instanceof ClosedPipe) return 0;
    if (error instanceof GafferError) {
      say(`gaffer: ${error.message}\n`);
      return error.exitCode;
    }
    const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
    say(`gaffer: this is a bug in gaffer, please report it with what "gaffer version" says\n${trace}\n`);
    return bugExitCode;
  }
}

/** EX_SOFTWARE. @see sysexits(3) */
const bugExitCode = 70;

async function dispatch(call: CliCall): Promise<number> {
  const { word, args } = split(call);
  if (word === undefined) {
    if (args.includes("--version")) return runCommand("version", [], call);
    const unknown = args.find((arg) => !["-h", "--help", "--no-color", "--color"].includes(arg));
    if (unknown !== undefined)
      throw new GafferError("usage", `Cannot use ${unknown}: it needs a command; see "gaffer help"`);
    return help(undefined, args, call);
  }
  const name = resolveCommand(word);
  return name === "help" ? helpOn(args, call) : runCommand(name, args, call);
}

async function runCommand(name: Exclude<CommandName, "help">, args: readonly string[], call: CliCall): Promise<number> {
  const flags = args.includes("--") ? args.slice(0, args.indexOf("--")) : args;
  if (flags.includes("-h") || flags.includes("--help")) return help(name, args, call);
  if (flags.includes("--version")) return runCommand("version", [], call);
  const command = await call.commands[name]();
  return command.run(args, call.context);
}

/** Flags before the command that take a value: those of gaffer 0.5 that were its globals, and those every command takes. */
const leadingWithValue = new Set([
  "-f",
  "--procfile",
  "-d",
  "--directory",
  "--root",
  "-e",
  "--env",
  "-c",
  "--concurrency",
]);

/** Finds the command; flags before it count as if they followed it. */
function split({ argv0, argv }: CliCall): { word: string | undefined; args: readonly string[] } {
  const linked = commandOfProgram(basename(argv0));
  if (linked !== undefined) return { word: linked, args: argv };
  let at = 0;
  while (at < argv.length && argv[at]?.startsWith("-") && argv[at] !== "--") {
    at += leadingWithValue.has(argv[at] ?? "") ? 2 : 1;
  }
  return { word: argv[at], args: [...argv.slice(0, at), ...argv.slice(at + 1)] };
}

const helpSpec = {
  name: "help",
  summary: "Show how gaffer or one of its commands is used",
  examples: ["gaffer help start"],
  positionals: { name: "command", description: "Command to show; without one, all of them", most: 1 },
  flags: {},
} as const satisfies CommandSpec;

/** `gaffer help`: as strict as any other command. */
async function helpOn(args: readonly string[], call: CliCall): Promise<number> {
  const { parseFlags } = await import("./parse-flags.ts");
  return help(parseFlags(helpSpec, args).positionals[0], args, call);
}

async function help(topic: string | undefined, args: readonly string[], call: CliCall): Promise<number> {
  // Loaded here, since no other path needs it and it costs start-up time.
  const { commandUsage, programUsage } = await import("./usage.ts");
  const name = topic === undefined ? "help" : resolveCommand(topic);
  const command: Command | undefined = name === "help" ? undefined : await call.commands[name]();
  const text = command ? await commandUsage(command.spec) : await programUsage();
  const { env, isTerminal } = call.context;
  const colour = wantsColour({ refused: args.includes("--no-color"), env, terminal: isTerminal(1) });
  print(colour ? text : Bun.stripANSI(text));
  return 0;
}
