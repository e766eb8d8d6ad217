import { GafferError } from "../base/gaffer-error.ts";
import { didYouMean } from "../base/nearest.ts";

/** Commands of this version, and what the overview says of each. */
export const commandSummaries = {
  daemon: "Keep jobs alive, steered over HTTP",
  ctl: "Control a daemon",
  login: "Log in to a daemon that asks for keys",
  start: "Run the Procfile here, until Ctrl-C",
  load: "Load the Procfile into a daemon, and start it",
  unload: "Stop an application in a daemon and forget it",
  reload: "Make an application in a daemon what its Procfile says",
  ps: "Show the processes of an application in a daemon",
  scale: "Change how many processes jobs have",
  logs: "Show what an application in a daemon said, and says",
  stop: "Stop an application in a daemon",
  restart: "Replace the processes of an application, one after the other",
  check: "Check the Procfile and its environment without running anything",
  config: "Tell about configuration files",
  version: "Show the version",
  help: "Show how a command is used",
} as const;

/** Name of a command of this version. */
export type CommandName = keyof typeof commandSummaries;

/** The names of gaffer 0.5, and what they are here. */
const colonNames: Readonly<Record<string, string>> = {
  "dev:start": "start",
  "dev:run": "run",
  "ps:scale": "scale",
  "ps:start": "ctl start",
  "ps:stop": "ctl stop",
  "ps:info": "ctl info",
  "ps:kill": "ctl kill",
  "lookup:nodes": "lookup",
  "lookup:jobs": "lookup",
  "lookup:job": "lookup",
  "lookup:sessions": "lookup",
  "lookup:session": "lookup",
  "user:add": "ctl user add",
  "user:del": "ctl user del",
  "user:setkey": "ctl user setkey",
  "user:setpassword": "ctl user setpassword",
  "key:create": "ctl key create",
  "key:delete": "ctl key delete",
  user: "ctl user show",
  key: "ctl key show",
  apps: "ctl sessions",
};

/** Known to gaffer, but not built into this version. */
const later = "lookupd lookup kernel run export init completion send recv".split(" ");

/** Programs of gaffer 0.5 that are a command now. */
const programs: Readonly<Record<string, string>> = { gafferd: "daemon", gafferctl: "ctl", gaffer_lookupd: "lookupd" };

/** The command that a program name stands for, when gaffer is called by a link: `gafferd` is `daemon`. */
export function commandOfProgram(argv0: string): string | undefined {
  return programs[argv0.slice(argv0.lastIndexOf("/") + 1)];
}

/** The words that a name of gaffer 0.5 stands for: `ps:info` is `ctl info`. */
export function wordsOfCommand(word: string): readonly string[] {
  return (Object.hasOwn(colonNames, word) ? (colonNames[word] ?? word) : word).split(" ");
}

/**
 * The command that a word means.
 *
 * @throws {@link GafferError} `usage` if this version has no such command, or there is none at all (names the nearest).
 */
export function resolveCommand(word: string): CommandName {
  const [name = word] = wordsOfCommand(word);
  if (isCommandName(name)) return name;
  if (later.includes(name)) {
    const known = Object.keys(commandSummaries).join(", ");
    throw new GafferError(
      "usage",
      `Cannot run ${JSON.stringify(word)}: it is not part of this version yet; there is ${known}`,
    );
  }
  const near = didYouMean(word, Object.keys(commandSummaries));
  throw new GafferError(
    "usage",
    `Cannot run ${JSON.stringify(word)}: there is no such command${near}; see "gaffer help"`,
  );
}

const isCommandName = (name: string): name is CommandName => Object.hasOwn(commandSummaries, name);
