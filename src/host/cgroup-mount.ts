import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Where our own control group lies in the version 2 hierarchy; in a hybrid layout that is a mount of its own.
 *
 * @param mountinfo - text of `/proc/self/mountinfo`.
 * @param cgroup - text of `/proc/self/cgroup`.
 * @returns undefined where there is no version 2 hierarchy.
 * @see cgroups(7), proc(5)
 */
export function ownCgroup(mountinfo: string, cgroup: string): string | undefined {
  const mount = mountinfo.split("\n").find((line) => / - cgroup2 /.test(line));
  const own = /^0::(.*)$/m.exec(cgroup)?.[1];
  if (mount === undefined || own === undefined) return undefined;
  const [, , , root = "/", point = ""] = mount.split(" ");
  // Inside a container the mount may show only part of the hierarchy.
  const below = root !== "/" && own.startsWith(root) ? own.slice(root.length) : own;
  return join(unescapeMount(point), below);
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
