import { lstatSync, readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { GafferError } from "../../base/gaffer-error.ts";

const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;
/** In a folder with this bit nobody can take away what is another's. */
const STICKY = 0o1000;

/** What of a file lets another user decide what we run; undefined = nothing. */
function weakness(stat: Pick<Stats, "uid" | "gid" | "mode">, uid: number): string | undefined {
  if ((stat.mode & OTHERS_WRITE) !== 0) return "every user may write to it";
  // Of our own groups we know nothing, but root's code is root's business alone. @see sshd(8) StrictModes, sudoers(5)
  if (uid !== 0) return undefined;
  if ((stat.mode & GROUP_WRITES) !== 0 && stat.gid !== 0) return `group ${stat.gid} may write to it`;
  return stat.uid === 0 ? undefined : `it belongs to user ${stat.uid}`;
}

/**
 * Refuses code that others could have written: they would run what they like as our user.
 *
 * @remarks As root every file and folder of it, and every folder above it, must be root's and writable by no one else; as another user
 * they must not be writable by everybody.
 * @throws {@link GafferError} `forbidden` that names the file and the way out.
 */
export function refuseForeignCode(folder: string, uid: number): void {
  const root = realpathSync(folder);
  // What is only served is nobody's code.
  checkAbove(root, uid);
  checkFolder(root, uid, new Set([join(root, "_site")]));
}

/** The same for one file, wherever it lies. @throws {@link GafferError} `forbidden` */
export function refuseForeignFile(file: string, uid: number): void {
  const real = realpathSync(file);
  checkAbove(real, uid);
  refuse(real, weakness(statSync(real), uid));
}

function checkFolder(root: string, uid: number, seen: Set<string>): void {
  if (seen.has(root)) return;
  seen.add(root);
  refuse(root, weakness(statSync(root), uid));
  for (const name of readdirSync(root)) checkEntry(join(root, name), uid, seen);
}

/** Whoever can rename a folder above can put another in its place. */
function checkAbove(path: string, uid: number): void {
  const above = dirname(path);
  if (above === path) return;
  const stat = statSync(above);
  const { uid: owner, gid } = stat;
  const mode = (stat.mode & STICKY) === 0 ? stat.mode : stat.mode & ~(GROUP_WRITES | OTHERS_WRITE);
  refuse(above, weakness({ uid: owner, gid, mode }, uid));
  checkAbove(above, uid);
}

function checkEntry(path: string, uid: number, seen: Set<string>): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  // A link to nothing.
  if (stat === undefined) return;
  const isLink = lstatSync(path).isSymbolicLink();
  const real = isLink ? realpathSync(path) : path;
  if (isLink) checkAbove(real, uid);
  if (stat.isDirectory()) checkFolder(real, uid, seen);
  else refuse(real, weakness(stat, uid));
}

function refuse(path: string, why: string | undefined): void {
  if (why === undefined) return;
  throw new GafferError(
    "forbidden",
    `Cannot load plugin code: ${JSON.stringify(path)} is not safe, ${why} (chmod go-w, as root chown root, too)`,
  );
}
