import { realpathSync, type Stats, statSync } from "node:fs";
import { join, sep } from "node:path";

/** A file of a site. */
export interface SiteFile {
  readonly kind: "file";
  readonly path: string;
  readonly stat: Stats;
}

/** What a path of a site leads to: a file, a folder that was named without its slash, or nothing. */
export type SiteTarget = SiteFile | { readonly kind: "folder" } | undefined;

/**
 * Finds what a path of a site names.
 *
 * @param segments - decoded; the last one is empty where the path ends with a slash. What begins with a dot, or holds what no name of a
 * file holds, leads to nothing, and so does a link that leaves the site.
 */
export function findSiteFile(root: string, segments: readonly string[]): SiteTarget {
  const names = segments.at(-1) === "" ? segments.slice(0, -1) : segments;
  if (names.some((name) => name === "" || name.startsWith(".") || /[/\\\0]/.test(name))) return undefined;
  try {
    return lookAt(realpathSync(root), { names, isFolder: names !== segments });
  } catch (error) {
    // ENOENT, ENOTDIR, EACCES, ELOOP, ENAMETOOLONG: there is no such file for us.
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}

function lookAt(root: string, at: { names: readonly string[]; isFolder: boolean }): SiteTarget {
  const found = realpathSync(join(root, ...at.names));
  if (!isInside(root, found)) return undefined;
  const stat = statSync(found);
  if (!stat.isDirectory()) return at.isFolder || !stat.isFile() ? undefined : { kind: "file", path: found, stat };
  if (!at.isFolder) return { kind: "folder" };
  const page = realpathSync(join(found, "index.html"));
  const pageStat = statSync(page);
  return isInside(root, page) && pageStat.isFile() ? { kind: "file", path: page, stat: pageStat } : undefined;
}

const isInside = (root: string, path: string): boolean => path === root || path.startsWith(root + sep);
