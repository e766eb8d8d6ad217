import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Where our own control group lies in the version 2 hierarchy; in a hybrid layout that is a mount of its own.
 *
 * @param mountinfo - text of `/proc/self/mountinfo`.
 * @param cgroup - text of `/proc/self/cgroup`.
 * @returns undefined where there is no version 2 hierarchy, or we can't be seen in it.
 * @see cgroups(7), proc(5)
 */
export function ownCgroup(mountinfo: string, cgroup: string): string | undefined {
  const own = /^0::(.*)$/m.exec(cgroup)?.[1];
  if (own === undefined) return undefined;
  for (const line of mountinfo.split("\n")) {
    if (!/ - cgroup2 /.test(line)) continue;
    const [, , , root = "/", point = ""] = line.split(" ");
    const below = pathBelow(unescapeMount(root), own);
    if (below !== undefined) return join(unescapeMount(point), below);
  }
  return undefined;
}

/** A mount may show only a part of the hierarchy, in which we need not be. */
function pathBelow(root: string, own: string): string | undefined {
  if (/(^|\/)\.\.(\/|$)/.test(root + own)) return undefined;
  const prefix = root === "/" ? "" : root;
  return own === root || own.startsWith(`${prefix}/`) ? own.slice(prefix.length) : undefined;
}

/** mountinfo writes space, tab, newline and backslash as octal numbers. */
const unescapeMount = (path: string): string =>
  path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCodePoint(Number.parseInt(octal, 8)));

/** {@link ownCgroup} of this process. */
export function readOwnCgroup(): string | undefined {
  try {
    return ownCgroup(readFileSync("/proc/self/mountinfo", "utf8"), readFileSync("/proc/self/cgroup", "utf8"));
  } catch {
    return undefined;
  }
}
