import { accessSync, constants, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { GafferError } from "../../base/gaffer-error.ts";

/** The folder of one plugin. */
export interface PluginFolder {
  readonly name: string;
  readonly path: string;
  /** The folder of its modules. */
  readonly code: string | undefined;
  /** The folder that is served. */
  readonly site: string | undefined;
}

/** What a folder of plugins may be called in a URL and in a message. */
const legalName = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

/** Whether something may be the name of a plugin. */
export const isPluginName = (name: string): boolean => legalName.test(name);

function isThere(path: string, kind: "isFile" | "isDirectory"): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.[kind]() === true;
  } catch (error) {
    // ENOTDIR, ELOOP, EACCES: nothing that we could use.
    if (error instanceof Error && "code" in error) return false;
    throw error;
  }
}

/** The plugin of a name; undefined where there is none. What is found first counts. */
export function findPlugin(dirs: readonly string[], name: string): PluginFolder | undefined {
  if (!isPluginName(name)) return undefined;
  for (const dir of dirs) {
    const found = lookInto(join(dir, name), name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `_site`, or the folder itself where it holds a bare index.html and no code. */
function lookInto(path: string, name: string): PluginFolder | undefined {
  const [inner, site] = [join(path, "plugin"), join(path, "_site")];
  const code = isThere(inner, "isDirectory") ? inner : undefined;
  if (isThere(site, "isDirectory")) return { name, path, code, site };
  if (code !== undefined) return { name, path, code, site: undefined };
  return isThere(join(path, "index.html"), "isFile") ? { name, path, code, site: path } : undefined;
}

/** Every plugin there is, in order of the folders and then of the names. */
export function findPlugins(dirs: readonly string[]): PluginFolder[] {
  const names = dirs.flatMap((dir) => (isReadable(dir) ? readdirSync(dir).toSorted() : []));
  return [...new Set(names)].flatMap((name) => findPlugin(dirs, name) ?? []);
}

function isReadable(dir: string): boolean {
  try {
    accessSync(dir, constants.R_OK);
    return isThere(dir, "isDirectory");
  } catch (error) {
    if (error instanceof Error && "code" in error) return false;
    throw error;
  }
}

/** Refuses a folder that was asked for and is none, or can't be read. @throws {@link GafferError} `config_invalid` */
export function refuseMissing(dirs: readonly string[]): void {
  const missing = dirs.find((dir) => !isReadable(dir));
  if (missing === undefined) return;
  throw new GafferError(
    "config_invalid",
    `Cannot look for plugins in ${JSON.stringify(missing)}: there is no folder that we may read (make it, or name another with -p)`,
  );
}
