import { chmodSync, mkdirSync, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { basename, extname, isAbsolute, join, resolve } from "node:path";
import { GafferError } from "../base/gaffer-error.ts";

/** What the default place of a state folder depends on. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Effective user. */
  readonly uid: number;
}

/** Hexadecimal digits that tell config files of the same name apart. */
const HASH_CHARS = 8;

function nameOf(configPath: string | undefined): string {
  if (configPath === undefined) return "default";
  const path = resolve(configPath);
  const readable = basename(path, extname(path))
    .replaceAll(/[^A-Za-z0-9_.-]/g, "-")
    .replace(/^[-.]+/, "");
  const hash = new Bun.CryptoHasher("sha256").update(path).digest("hex").slice(0, HASH_CHARS);
  return `${readable === "" ? "gaffer" : readable}-${hash}`;
}

/**
 * Where the state of a daemon lies that names no folder: by the file or folder it is configured by, so that two daemons
 * of different configurations are two instances.
 *
 * @see XDG Base Directory Specification, `XDG_STATE_HOME`
 */
export function defaultStateFolder(
  configPath: string | undefined,
  { env, uid }: Surroundings = { env: process.env, uid: process.geteuid?.() ?? 0 },
): string {
  const name = nameOf(configPath);
  if (uid === 0) return join("/var/lib/gaffer", name);
  const xdg = env["XDG_STATE_HOME"] ?? "";
  // A relative one is to be ignored.
  return join(isAbsolute(xdg) ? xdg : join(env["HOME"] ?? homedir(), ".local", "state"), "gaffer", name);
}

const GROUP_AND_OTHERS_WRITE = 0o022;

/** The refusal of a state folder. */
export function unusable(folder: string, fact: string, cause?: unknown): GafferError {
  const way = "name another one by state_dir";
  return new GafferError("state_unusable", `Cannot use state folder "${folder}": ${fact} (${way})`, { cause });
}

/**
 * Makes a state folder, for its owner alone, unless it is there.
 *
 * @returns its path without links.
 * @throws {@link GafferError} `state_unusable` when it can't be made, is no folder, or is another user's.
 */
export function makeStateFolder(folder: string): string {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { uid, mode } = statSync(folder);
    if (uid !== process.geteuid?.()) throw unusable(folder, `it belongs to another user (uid ${uid})`);
    if ((mode & GROUP_AND_OTHERS_WRITE) !== 0) chmodSync(folder, mode & 0o777 & ~GROUP_AND_OTHERS_WRITE);
    return realpathSync(folder);
  } catch (error) {
    throw error instanceof GafferError ? error : unusable(folder, wordsFor(error), error);
  }
}

const words: Readonly<Record<string, string>> = {
  EEXIST: "it is no folder",
  ENOTDIR: "a part of its path is no folder",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "its file system is read-only",
  ENOSPC: "the disk is full",
};

/** What a refusal of the file system means. */
export function wordsFor(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return words[code] ?? (error instanceof Error ? error.message : String(error));
}
