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

/** What is at a path, or why that can't be said. */
function look(path: string): Stats | string {
  try {
    return statSync(path);
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
}

/** What is at a path, if anything is. */
function statOf(path: string): Stats | undefined {
  const stat = look(path);
  return typeof stat === "string" ? undefined : stat;
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
  const found = candidates.map((name) => (isAbsolute(name) ? name : resolve(cwd, name))).filter(isFile);
  const runnable = found.find(isExecutable);
  if (runnable !== undefined) return runnable;
  if (found[0] !== undefined) {
    throw new GafferError(
      "not_executable",
      `Cannot run "${command}": ${found[0]} is not executable (chmod +x ${found[0]})`,
    );
  }
  if (isPath && statOf(resolve(cwd, command))?.isDirectory() === true)
    throw new GafferError("not_executable", `Cannot run "${command}": ${resolve(cwd, command)} is a folder`);
  const where = isPath ? `${resolve(cwd, command)} does not exist` : "it is in no folder of PATH";
  throw new GafferError("command_not_found", `Cannot run "${command}": ${where}`);
}

function factOf(stat: Stats | string): string {
  if (typeof stat !== "string") return "it is not a folder";
  return stat === "ENOENT" || stat === "ENOTDIR" ? "it does not exist" : stat;
}

/** @throws {@link GafferError} `cwd_missing` if it is no folder. */
export function checkFolder(cwd: string): void {
  const stat = look(cwd);
  if (typeof stat !== "string" && stat.isDirectory()) return;
  throw new GafferError("cwd_missing", `Cannot use cwd "${cwd}": ${factOf(stat)}`);
}
