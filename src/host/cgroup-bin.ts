import { rmdirSync } from "node:fs";
import { removeCgroup } from "./cgroup-tree.ts";

/** How long an empty group may lie about, in milliseconds. */
const WAIT_MS = 1000;
/** Groups taken away in one go: about 3 ms of work. */
const BATCH = 50;

/** Takes empty control groups away when there is time: a thousand that end together are not held up by it. */
export class CgroupBin implements Disposable {
  readonly #folders = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  /** The folder is empty, or will be in a moment. */
  put(folder: string): void {
    this.#folders.add(folder);
    this.#timer ??= setTimeout(() => this.#empty(), WAIT_MS).unref();
  }

  #empty(): void {
    this.#timer = undefined;
    for (const folder of [...this.#folders].slice(0, BATCH)) {
      this.#folders.delete(folder);
      remove(folder);
    }
    if (this.#folders.size > 0) this.#timer = setTimeout(() => this.#empty(), 1).unref();
  }

  /** Leaves what is left to whoever takes away the folder around it. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#folders.clear();
  }
}

function remove(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It has groups of the child's own below it.
    removeCgroup(folder);
  }
}
