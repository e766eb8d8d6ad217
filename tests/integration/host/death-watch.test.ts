import { describe, expect, test } from "bun:test";
import { readdirSync, readlinkSync } from "node:fs";
import { DeathWatch } from "../../../src/host/death-watch.ts";
import { libc } from "../../../src/host/libc.ts";
import { procStat } from "../../../src/host/proc-stat.ts";
import { waitFor } from "../../support/wait-for.ts";

/** How many descriptors of processes, and sets to wait for them, are open here. */
function watching(): number {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return /\[pidfd\]|^pidfd:/.test(readlinkSync(`/proc/self/fd/${fd}`));
    } catch (error) {
      // The descriptor of the listing itself is closed by now.
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
      throw error;
    }
  }).length;
}

const watched = (pid: number, start = procStat(pid)?.start ?? 0) => ({ pid, start, folder: undefined });
const sleeper = (): Bun.Subprocess => Bun.spawn(["sleep", "600"], { stdio: ["ignore", "ignore", "ignore"] });

describe.each([
  ["by descriptors of processes", { c: libc() }],
  ["by pids", { c: undefined }],
])("DeathWatch %s", (_how, options) => {
  test("tells each death once, and no other", async () => {
    const before = watching();
    {
      using watch = new DeathWatch(options);
      await using one = sleeper();
      await using other = sleeper();
      const told: string[] = [];
      watch.add(watched(one.pid), () => told.push("one"));
      const last = watch.add(watched(other.pid), () => told.push("other"));
      one.kill("SIGKILL");
      await waitFor(
        () => told.length > 0,
        () => "a death",
      );
      expect(told).toEqual(["one"]);
      other.kill("SIGKILL");
      last.hurry();
      await waitFor(
        () => told.length > 1,
        () => "the other death",
      );
      expect(told).toEqual(["one", "other"]);
    }
    expect(watching()).toBe(before);
  });

  test("tells at once, but not inside the call, of one whose pid is another's by now", async () => {
    using watch = new DeathWatch(options);
    await using other = sleeper();
    const told: number[] = [];
    watch.add(watched(other.pid, 1), () => told.push(1));
    expect(told).toEqual([]);
    await Promise.resolve();
    expect(told).toEqual([1]);
  });

  test("tells nothing of one that is not watched any more", async () => {
    const before = watching();
    using watch = new DeathWatch(options);
    await using one = sleeper();
    await using other = sleeper();
    const told: string[] = [];
    watch.add(watched(one.pid), () => told.push("one")).end();
    watch.add(watched(other.pid), () => told.push("other")).hurry();
    one.kill("SIGKILL");
    other.kill("SIGKILL");
    await waitFor(
      () => told.length > 0,
      () => "the other death",
    );
    expect([told, watching()]).toEqual([["other"], before]);
  });
});
