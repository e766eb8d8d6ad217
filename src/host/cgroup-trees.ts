import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CgroupBin } from "./cgroup-bin.ts";
import { readOwnCgroup } from "./cgroup-mount.ts";
import { CgroupTree, isPopulated, killAtOnce, killCgroup, removeCgroup } from "./cgroup-tree.ts";
import type { ProcessTree, ProcessTrees } from "./process-tree.ts";

/** How long what a killed gaffer left behind may take to die, in looks of 1 ms each. */
const LEFTOVER_LOOKS = 1000;

/** Folders that are in use in this very program: they are no leftovers. */
const inUse = new Set<string>();

/** What {@link CgroupTrees.make} goes by. */
export interface CgroupOptions {
  /** The control group to make ours below. @defaultValue the one we are in */
  readonly below?: string | undefined;
  /** Kills a control group at once; throws where the kernel can't. @defaultValue by `cgroup.kill` */
  readonly killAtOnce?: (folder: string) => void;
  /**
   * Leaves what is alive in a folder of this instance alone, and takes another: whoever keeps a journal has stopped what
   * was to be stopped. @defaultValue `false`
   */
  readonly spares?: boolean;
}

/** Trees held in control groups: whoever is born into one can't leave it, unless it has the right to move itself. */
export class CgroupTrees implements ProcessTrees {
  readonly #folder: string;
  readonly #killAtOnce: (folder: string) => void;
  readonly #bin = new CgroupBin();

  private constructor(folder: string, atOnce: (folder: string) => void) {
    this.#folder = folder;
    this.#killAtOnce = atOnce;
    inUse.add(folder);
  }

  /**
   * Makes this instance's folder below our own control group. What a gaffer of the same instance that was killed left in
   * there is killed first; empty folders of instances that were named likewise, by a pid that is gone, are taken away.
   *
   * @returns undefined where we may not: no version 2 hierarchy, none delegated to us, one made for threads, or a folder of
   * that name in which somebody can't be killed.
   */
  static make(instance: string, { below = readOwnCgroup(), ...options }: CgroupOptions = {}): CgroupTrees | undefined {
    if (below === undefined) return undefined;
    const atOnce = options.killAtOnce ?? killAtOnce;
    try {
      // Whoever is to be born in a group below ours must be allowed to leave ours (cgroups(7), delegation).
      accessSync(join(below, "cgroup.procs"), constants.W_OK);
      const folder = freeFolder(join(below, `gaffer-${instance}`), options.spares === true);
      clear(folder, atOnce);
      sweep(below, instance);
      mkdirSync(folder);
      if (readFileSync(join(folder, "cgroup.type"), "latin1").trim() === "domain")
        return new CgroupTrees(folder, atOnce);
      removeCgroup(folder);
      return undefined;
    } catch {
      return undefined;
    }
  }

  /** Where the control groups of all trees are made. */
  get folder(): string {
    return this.#folder;
  }

  open(id: number, token?: string): ProcessTree {
    return new CgroupTree(join(this.#folder, String(id)), {
      atOnce: this.#killAtOnce,
      discard: (folder) => this.#bin.put(folder),
      token,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    inUse.delete(this.#folder);
    this.#bin[Symbol.dispose]();
    removeCgroup(this.#folder);
  }
}

/** A second host of one program gets a folder of its own; with `spares`, also one that finds somebody alive in the first. */
function freeFolder(folder: string, spares: boolean): string {
  const isTaken = (one: string): boolean => inUse.has(one) || (spares && isPopulated(one));
  let free = folder;
  for (let n = 2; isTaken(free); n++) free = `${folder}-${n}`;
  return free;
}

/** Kills and takes away what is left of an earlier life. */
function clear(folder: string, atOnce: (folder: string) => void): void {
  if (!existsSync(folder)) return;
  killCgroup(folder, atOnce);
  for (let look = 0; look < LEFTOVER_LOOKS && isPopulated(folder); look++) Bun.sleepSync(1);
  removeCgroup(folder);
}

/** Whoever was killed could not take away its folder. Only empty ones go: a job may be meant to outlive its gaffer. */
function sweep(below: string, instance: string): void {
  const prefix = /^(.*-)\d+$/.exec(`gaffer-${instance}`)?.[1];
  if (prefix === undefined) return;
  for (const name of readdirSync(below)) {
    const pid = name.startsWith(prefix) ? name.slice(prefix.length) : "";
    const folder = join(below, name);
    if (!/^\d+$/.test(pid) || existsSync(`/proc/${pid}`) || inUse.has(folder) || isPopulated(folder)) continue;
    removeCgroup(folder);
  }
}
