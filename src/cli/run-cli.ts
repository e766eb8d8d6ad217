import { basename } from "node:path";
import { GafferError } from "../base/gaffer-error.ts";
import { didYouMean } from "../base/nearest.ts";
import type { CliContext, Command, CommandLoader } from "./command.ts";
import type { CommandSpec } from "./flag-spec.ts";
import { commandOfProgram, type CommandName, resolveCommand, wordsOfCommand } from "./command-names.ts";
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
    return help([], args, call);
  }
  const name = resolveCommand(word);
  const [, ...below] = wordsOfCommand(word);
  return name === "help" ? helpOn(args, call) : runCommand(name, [...below, ...args], call);
}

async function runCommand(name: Exclude<CommandName, "help">, args: readonly string[], call: CliCall): Promise<number> {
  return runLoaded(await call.commands[name](), args, call);
}

async function runLoaded(command: Command, args: readonly string[], call: CliCall): Promise<number> {
  if (command.subCommands !== undefined) {
    const { word, args: rest } = takeWord(args);
    if (word !== undefined) return runBelow(command, { word, args: rest }, call);
    if (args.length === 0) return showHelp(command, args, call);
  }
  const flags = args.includes("--") ? args.slice(0, args.indexOf("--")) : args;
  if (flags.includes("-h") || flags.includes("--help")) return showHelp(command, args, call);
  if (flags.includes("--version")) return runCommand("version", [], call);
  return command.run(args, call.context);
}

/** A command below another one. @throws {@link GafferError} `usage` that names the nearest */
function commandBelow({ spec, subCommands = {} }: Command, name: string): Promise<Command> {
  const found = Object.hasOwn(subCommands, name) ? subCommands[name] : undefined;
  if (found !== undefined) return found.load();
  const near = didYouMean(name, Object.keys(subCommands));
  const see = `see "gaffer help ${spec.name}"`;
  throw new GafferError("usage", `Cannot run "${spec.name} ${name}": there is no such command${near}; ${see}`);
}

/** Runs a command below another one; `help` shows how one is used. */
async function runBelow(
  command: Command,
  { word, args }: { readonly word: string; readonly args: readonly string[] },
  call: CliCall,
): Promise<number> {
  if (word !== "help") return runLoaded(await commandBelow(command, word), args, call);
  const { word: topic } = takeWord(args);
  return showHelp(topic === undefined ? command : await commandBelow(command, topic), args, call);
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
  "-g",
  "--endpoint",
  "--api-key-file",
  "--cacert",
  "--certfile",
  "--keyfile",
]);

/** Finds the command; flags before it count as if they followed it. */
function split({ argv0, argv }: CliCall): { word: string | undefined; args: readonly string[] } {
  const linked = commandOfProgram(basename(argv0));
  return linked === undefined ? takeWord(argv) : { word: linked, args: argv };
}

/** Takes the first word out that is neither a flag nor the value of one. */
function takeWord(argv: readonly string[]): { word: string | undefined; args: readonly string[] } {
  let at = 0;
  while (at < argv.length && argv[at]?.startsWith("-") && argv[at] !== "--") {
    at += leadingWithValue.has(argv[at] ?? "") ? 2 : 1;
  }
  return { word: argv[at], args: [...argv.slice(0, at), ...argv.slice(at + 1)] };
}

const helpSpec = {
  name: "help",
  summary: "Show how gaffer or one of its commands is used",
  examples: ["gaffer help start", "gaffer help ctl status"],
  positionals: { name: "command", description: "Command to show; without one, all of them", most: 2 },
  flags: {},
} as const satisfies CommandSpec;

/** `gaffer help`: as strict as any other command. */
async function helpOn(args: readonly string[], call: CliCall): Promise<number> {
  const { parseFlags } = await import("./parse-flags.ts");
  return help(parseFlags(helpSpec, args).positionals, args, call);
}

/** @param topics - none, a command, or a command and one below it. */
async function help([topic, below]: readonly string[], args: readonly string[], call: CliCall): Promise<number> {
  const name = topic === undefined ? "help" : resolveCommand(topic);
  const command = name === "help" ? undefined : await call.commands[name]();
  if (below === undefined) return showHelp(command, args, call);
  if (command?.subCommands === undefined) {
    throw new GafferError(
      "usage",
      `Cannot use argument ${JSON.stringify(below)}: help takes at most 1 here; see "gaffer help help"`,
    );
  }
  return showHelp(await commandBelow(command, below), args, call);
}

async function showHelp(command: Command | undefined, args: readonly string[], call: CliCall): Promise<number> {
  // Loaded here, since no other path needs it and it costs start-up time.
  const { commandUsage, programUsage } = await import("./usage.ts");
  const text = command === undefined ? await programUsage() : await commandUsage(command.spec, command.subCommands);
  const { env, isTerminal } = call.context;
  const colour = wantsColour({ refused: args.includes("--no-color"), env, terminal: isTerminal(1) });
  print(colour ? text : Bun.stripANSI(text));
  return 0;
}
