import { accessSync, constants, type Stats, statSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { GafferError } from "../base/gaffer-error.ts";

/** Where commands are looked for when the environment has no PATH. @see execvp(3) */
const DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin";

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What is at a path; a folder that may not be looked into, or leads in a circle, holds nothing for us. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

const isFile = (path: string): boolean => statOf(path)?.isFile() === true;

/**
 * The file a command names: as execvp(3) finds it, a relative name with a slash seen from `cwd`.
 *
 * @throws {@link GafferError} `command_not_found`, `not_executable`.
 */
export function resolveCommand(command: string, cwd: string, path: string = DEFAULT_PATH): string {
  const isPath = command.includes("/");
  const candidates = isPath ? [command] : path.split(":").map((folder) => `${folder === "" ? "." : folder}/${command}`);
  let refused: string | undefined;
  for (const name of candidates) {
    const file = isAbsolute(name) ? name : resolve(cwd, name);
    if (!isFile(file)) continue;
    if (isExecutable(file)) return file;
    refused ??= file;
  }
  if (refused !== undefined) {
    throw new GafferError(
      "not_executable",
      `Cannot run "${command}": ${refused} is not executable (chmod +x ${refused})`,
    );
  }
  throw isPath ? noSuchPath(command, resolve(cwd, command)) : notFound(command, "it is in no folder of PATH");
}

const notFound = (command: string, fact: string): GafferError =>
  new GafferError("command_not_found", `Cannot run "${command}": ${fact}`);

function noSuchPath(command: string, path: string): GafferError {
  if (statOf(path)?.isDirectory() !== true) return notFound(command, `${path} does not exist`);
  return new GafferError("not_executable", `Cannot run "${command}": ${path} is a folder`);
}

/** @throws {@link GafferError} `cwd_missing` if it is no folder. */
export function checkFolder(cwd: string): void {
  let isThere: boolean;
  try {
    isThere = statSync(cwd).isDirectory();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    const fact = code === "ENOENT" || code === "ENOTDIR" ? "it does not exist" : code;
    throw new GafferError("cwd_missing", `Cannot use cwd "${cwd}": ${fact}`, { cause: error });
  }
  if (!isThere) throw new GafferError("cwd_missing", `Cannot use cwd "${cwd}": it is not a folder`);
}
