import { lstatSync, readlinkSync, type Stats, statSync } from "node:fs";
import { GafferError } from "../base/gaffer-error.ts";
import type { TextKind } from "./source-text.ts";

/**
 * Whether there is a file to read at a place that nobody named. A pipe or a terminal there would be waited for, for ever.
 *
 * @param path - where it would be.
 * @param kind - what it would be.
 * @param name - its name in messages.
 * @returns false when there is none; true, too, when that cannot be found out: whoever reads it learns why.
 * @throws {@link GafferError} with the kind's code if it is neither a regular file nor a folder, or a link to nothing.
 */
export function isRegularFile(path: string, kind: TextKind, name: string): boolean {
  const refuse = (fact: string): GafferError =>
    new GafferError(kind.code, `Cannot read ${kind.noun} ${JSON.stringify(name)}: ${fact}`);
  let stats: Stats | undefined;
  try {
    const entry = lstatSync(path, { throwIfNoEntry: false });
    if (entry === undefined) return false;
    stats = entry.isSymbolicLink() ? statSync(path, { throwIfNoEntry: false }) : entry;
    if (stats === undefined) throw refuse(`it is a symbolic link to ${readlinkSync(path)}, which does not exist`);
  } catch (error) {
    if (error instanceof Error && "syscall" in error) return "code" in error && error.code !== "ENOTDIR";
    throw error;
  }
  const special = nounOf(stats);
  if (special !== undefined) throw refuse(`it is ${special}, no file; remove it, or name it with -e`);
  return true;
}

function nounOf(stats: Stats): string | undefined {
  if (stats.isFIFO()) return "a named pipe";
  if (stats.isSocket()) return "a socket";
  if (stats.isCharacterDevice() || stats.isBlockDevice()) return "a device";
  return undefined;
}
