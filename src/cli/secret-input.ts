import { readFileSync } from "node:fs";
import { GafferError } from "../base/gaffer-error.ts";
import { say } from "./stdout.ts";

/** How a secret is asked for; it never stands on a command line. */
export interface SecretQuestion {
  /** What it is: `password of ann`. */
  readonly what: string;
  /** `--NAME`, which names a file, or `-` for stdin. */
  readonly flag: string;
  readonly file: string | undefined;
  /** Asked for twice: it can't be seen. */
  readonly isNew?: boolean;
}

/**
 * Reads a secret: from the file that was named, else from the terminal, without showing it.
 *
 * @throws {@link GafferError} `usage` if there is neither, the file can't be read, it is empty, or the two answers differ.
 */
export async function readSecret({ what, flag, file, isNew = false }: SecretQuestion): Promise<string> {
  if (file !== undefined) return checked(what, firstLine(flag, file));
  if (!process.stdin.isTTY) {
    throw new GafferError(
      "usage",
      `Cannot ask for the ${what}: stdin is no terminal (use --${flag} FILE, or - for stdin)`,
    );
  }
  const secret = checked(what, await ask(`${what}: `));
  if (isNew && (await ask(`${what}, again: `)) !== secret) {
    throw new GafferError("usage", `Cannot use the ${what}: the two are not the same`);
  }
  return secret;
}

/** Asks for a line that may be seen; undefined if stdin is no terminal, or nothing was said. */
export function askLine(question: string): string | undefined {
  const line = process.stdin.isTTY ? prompt(question)?.trim() : undefined;
  return line === "" ? undefined : line;
}

function checked(what: string, secret: string): string {
  if (secret !== "") return secret;
  throw new GafferError("usage", `Cannot use the ${what}: it is empty`);
}

function firstLine(flag: string, file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8").split(/\r?\n/, 1)[0] ?? "";
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new GafferError("usage", `Cannot read --${flag} ${JSON.stringify(file)}: ${code}`, { cause: error });
  }
}

const [CTRL_C, CTRL_D, CTRL_U, DELETE, BACKSPACE] = ["\x03", "\x04", "\x15", "\x7f", "\b"];

/** One line from the terminal, which does not show it. */
async function ask(question: string): Promise<string> {
  const { stdin } = process;
  // First of all: what is typed as soon as the question stands there must not be seen.
  stdin.setRawMode(true);
  say(question);
  stdin.setEncoding("utf8");
  stdin.resume();
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const typed: string[] = [];
  const take = (text: string): void => {
    for (const character of text) {
      if (character === CTRL_C) reject(new GafferError("usage", "Cannot go on: it was cancelled"));
      else if (character === "\r" || character === "\n" || character === CTRL_D) resolve(typed.join(""));
      else if (character === DELETE || character === BACKSPACE) typed.pop();
      else if (character === CTRL_U) typed.length = 0;
      else typed.push(character);
    }
  };
  stdin.on("data", take);
  try {
    return await promise;
  } finally {
    stdin.off("data", take);
    stdin.setRawMode(false);
    stdin.pause();
    say("\n");
  }
}
