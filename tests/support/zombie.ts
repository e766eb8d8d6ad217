import { procStat } from "../../src/host/proc-stat.ts";
import { waitFor } from "./wait-for.ts";

/** A parent that never waits, and its dead child. */
const script =
  "import os, time\np = os.fork()\nif p == 0: os._exit(0)\nprint(p, flush=True)\nwhile True: time.sleep(1000)";

/** A zombie for one test: a process that is dead and not reaped. */
export class Zombie implements AsyncDisposable {
  readonly parent: Bun.Subprocess<"ignore", "pipe", "inherit">;
  readonly pid: number;

  private constructor(parent: Bun.Subprocess<"ignore", "pipe", "inherit">, pid: number) {
    this.parent = parent;
    this.pid = pid;
  }

  static async make(): Promise<Zombie> {
    const parent = Bun.spawn(["/usr/bin/python3", "-c", script], { stdio: ["ignore", "pipe", "inherit"] });
    const { value } = await parent.stdout.getReader().read();
    const pid = Number(new TextDecoder().decode(value));
    await waitFor(
      () => procStat(pid)?.state === "Z",
      () => `a zombie ${pid}`,
    );
    return new Zombie(parent, pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.parent.kill(9);
    await this.parent.exited;
  }
}
