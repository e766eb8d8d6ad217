import { mkdirSync, rmdirSync, writeFileSync } from "node:fs";

/** The memory controller of each generation: its mount, and the names of its limits. */
const controllers: readonly (readonly [mount: string, ...limits: string[]])[] = [
  ["/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.memsw.limit_in_bytes"],
  ["/sys/fs/cgroup", "memory.max"],
];

let count = 0;

/** A control group whose members may have so much memory together and no more. */
export class MemoryGroup implements Disposable {
  readonly folder: string;

  constructor(bytes: number) {
    this.folder = open(bytes);
  }

  [Symbol.dispose](): void {
    rmdirSync(this.folder);
  }
}

function open(bytes: number): string {
  for (const [mount, ...limits] of controllers) {
    const folder = `${mount}/gaffer-test-${process.pid}-${++count}`;
    try {
      mkdirSync(folder);
      for (const limit of limits) writeFileSync(`${folder}/${limit}`, String(bytes));
      return folder;
    } catch {
      continue;
    }
  }
  throw new Error("no memory controller that a group may be made in: this test needs root and cgroups with memory");
}
