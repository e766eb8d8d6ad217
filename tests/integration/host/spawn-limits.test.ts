import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { ResourceLimit } from "../../../src/manager/job-config.ts";
import { HostRun } from "../../support/host-run.ts";

const fixture = join(import.meta.dir, "..", "..", "fixtures", "nofile-view.ts");
const { Infinity: infinite } = globalThis;

async function limitsWith(rlimits: Record<string, ResourceLimit>): Promise<Record<string, string>> {
  await using run = new HostRun();
  return (await run.view({ rlimits })).limits;
}

async function refusal(rlimits: Record<string, ResourceLimit>): Promise<{ calls: string[]; error: string }> {
  await using run = new HostRun();
  const child = await run.spawn(["true"], { rlimits }).done();
  return { calls: child.calls, error: `${child.error?.code}: ${child.error?.message}` };
}

describe("limits", () => {
  test("are set exactly, and no other is", async () => {
    const before = await limitsWith({});
    const after = await limitsWith({
      nofile: { soft: 100, hard: 200 },
      core: { soft: 0, hard: 0 },
      RLIMIT_CPU: { soft: 1000, hard: 2000 },
      Stack: { soft: 4_194_304, hard: 8_388_608 },
    });
    expect(after).toEqual({
      ...before,
      "Max open files": "100 200",
      "Max core file size": "0 0",
      "Max cpu time": "1000 2000",
      "Max stack size": "4194304 8388608",
    });
  });

  test("may be infinite", async () => {
    const before = await limitsWith({});
    expect(before["Max cpu time"]).toBe("unlimited unlimited");
    const { "Max cpu time": cpu } = await limitsWith({ cpu: { soft: 77, hard: infinite } });
    expect(cpu).toBe("77 unlimited");
  });

  test("an address space too small for our own runtime is the program's alone", async () => {
    const { "Max address space": space } = await limitsWith({ as: { soft: 50_000_000, hard: 50_000_000 } });
    expect(space).toBe("50000000 50000000");
  });

  test.each(["bogus", "constructor", "__proto__", ""])("the name %p is refused", async (name) => {
    const limits = Object.fromEntries([[name, { soft: 1, hard: 1 }]]);
    const { calls, error } = await refusal(limits);
    expect(calls).toEqual(["spawnFailed"]);
    expect(error).toStartWith(`limit_refused: Cannot set rlimit "${name}": the limits are cpu, fsize, `);
  });

  test("more than the kernel allows is refused, by name", async () => {
    // Above /proc/sys/fs/nr_open: that is refused even root.
    expect(await refusal({ nofile: { soft: 10, hard: 4_000_000_000 } })).toEqual({
      calls: ["spawnFailed"],
      error: 'limit_refused: Cannot set rlimits of "true" (nofile): EPERM (more than gaffer itself may have)',
    });
  });

  test("a soft limit above the hard one is refused as such", async () => {
    expect(await refusal({ nofile: { soft: 200, hard: 100 } })).toEqual({
      calls: ["spawnFailed"],
      error: 'limit_refused: Cannot set rlimits of "true" (nofile): EINVAL (a soft limit is above its hard one)',
    });
  });
});

async function below(soft: number, files: number): Promise<string[]> {
  // The shell stays: it is what the limit is read from.
  const script = `ulimit -Sn ${soft}; ulimit -Hn 4000; "$0" "$@"; exit $?`;
  const child = Bun.spawn(["sh", "-c", script, process.execPath, fixture, String(files)], { stderr: "inherit" });
  const text = await new Response(child.stdout).text();
  expect(await child.exited).toBe(0);
  return text.trimEnd().split("\n");
}

describe("a gaffer started with fewer open files than it may have", () => {
  test("gives its children that limit, both ways, unless they have their own", async () => {
    expect(await below(256, 0)).toEqual(["256 4000", "256 4000", "100 200"]);
  });

  test("does so when it has more files open itself", async () => {
    expect(await below(256, 400)).toEqual(["256 4000", "256 4000", "100 200"]);
  });
});
