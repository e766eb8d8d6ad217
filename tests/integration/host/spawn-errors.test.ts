import { describe, expect, test } from "bun:test";
import { chmodSync, readdirSync } from "node:fs";
import { libc } from "../../../src/host/libc.ts";
import { NOFILE, ownLimit, setOwnLimit } from "../../../src/host/resource-limits.ts";
import type { SpawnRequest } from "../../../src/manager/process-host.ts";
import { HostRun, ways } from "../../support/host-run.ts";
import { openPipes } from "../../support/open-descriptors.ts";
import { TempDir } from "../../support/temp-dir.ts";
import { waitFor } from "../../support/wait-for.ts";

interface Outcome {
  readonly calls: readonly string[];
  readonly code: string | undefined;
  readonly message: string | undefined;
}

/** What comes of one spawn; nothing may stay open of it. */
async function spawn(argv: readonly string[], part: Partial<SpawnRequest>): Promise<Outcome> {
  const before = openPipes();
  await using run = new HostRun();
  const child = await run.spawn(argv, { input: true, ...part }).done();
  expect(openPipes().length).toBeLessThanOrEqual(before.length + 2);
  return { calls: child.calls, code: child.error?.code, message: child.error?.message };
}

const failed = (code: string, message: string): Outcome => ({ calls: ["spawnFailed"], code, message });

/** A script with the right to be run. */
function script(dir: TempDir, text: string): string {
  const path = dir.write("script", text);
  chmodSync(path, 0o755);
  return path;
}

const inCwd = (part: Partial<SpawnRequest>, cwd: string): Promise<Outcome> => spawn(["true"], { ...part, cwd });

describe.each(ways)("%s", (_way, part) => {
  test("a command in no folder of PATH", async () => {
    expect(await spawn(["no-such-thing"], part)).toEqual(
      failed("command_not_found", 'Cannot run "no-such-thing": it is in no folder of PATH'),
    );
    expect(await spawn([""], part)).toEqual(failed("command_not_found", 'Cannot run "": it is in no folder of PATH'));
    expect(await spawn([], part)).toEqual(failed("command_not_found", 'Cannot run "": it is in no folder of PATH'));
  });

  test("a path that does not exist", async () => {
    expect(await spawn(["/no/such/thing"], part)).toEqual(
      failed("command_not_found", 'Cannot run "/no/such/thing": /no/such/thing does not exist'),
    );
    expect(await spawn(["/etc/passwd/x"], part)).toEqual(
      failed("command_not_found", 'Cannot run "/etc/passwd/x": /etc/passwd/x does not exist'),
    );
  });

  test("a file without the right to be run", async () => {
    using dir = new TempDir({ plain: "#!/bin/sh\n" });
    const path = dir.file("plain");
    expect(await spawn([path], part)).toEqual(
      failed("not_executable", `Cannot run "${path}": ${path} is not executable (chmod +x ${path})`),
    );
  });

  test("a folder", async () => {
    expect(await spawn(["/usr"], part)).toEqual(failed("not_executable", 'Cannot run "/usr": /usr is a folder'));
    using dir = new TempDir({ "tool/x": "" });
    const env = { PATH: dir.path };
    expect(await spawn(["tool"], { ...part, env })).toEqual(
      failed("command_not_found", 'Cannot run "tool": it is in no folder of PATH'),
    );
  });

  test("a script without #!", async () => {
    using dir = new TempDir();
    const path = script(dir, "echo hi\n");
    expect(await spawn([path], part)).toEqual(
      failed("not_executable", `Cannot run "${path}": it is no program, nor a script that begins with #!`),
    );
  });

  test("a script whose interpreter is missing", async () => {
    using dir = new TempDir();
    const path = script(dir, "#!/no/such/interpreter\n");
    expect(await spawn([path], part)).toEqual(
      failed(
        "command_not_found",
        `Cannot run "${path}": the program, or the interpreter named in its first line, does not exist`,
      ),
    );
  });

  test("a cwd that is missing, or a file, or below a file, or a loop", async () => {
    using dir = new TempDir();
    const loop = dir.file("loop");
    Bun.spawnSync(["ln", "-s", "loop", loop]);
    expect(await inCwd(part, "/no/such")).toEqual(
      failed("cwd_missing", 'Cannot use cwd "/no/such": it does not exist'),
    );
    expect(await inCwd(part, "/etc/passwd")).toEqual(
      failed("cwd_missing", 'Cannot use cwd "/etc/passwd": it is not a folder'),
    );
    expect(await inCwd(part, "/etc/passwd/x")).toEqual(
      failed("cwd_missing", 'Cannot use cwd "/etc/passwd/x": it does not exist'),
    );
    expect(await inCwd(part, loop)).toEqual(failed("cwd_missing", `Cannot use cwd "${loop}": ELOOP`));
  });

  test("an empty PATH means the cwd, as of execvp(3)", async () => {
    using dir = new TempDir();
    script(dir, "#!/bin/sh\n");
    const env = { PATH: "" };
    expect((await spawn(["script"], { ...part, env, cwd: dir.path })).code).toBeUndefined();
    expect(await spawn(["sh"], { ...part, env, cwd: dir.path })).toEqual(
      failed("command_not_found", 'Cannot run "sh": it is in no folder of PATH'),
    );
  });

  test("a name in a folder that is no folder is looked for in the next", async () => {
    const env = { PATH: "/etc/passwd:/no/such::relative:/bin" };
    expect((await spawn(["true"], { ...part, env })).calls).toContain("exited");
  });

  test("no PATH at all is the usual one", async () => {
    expect((await spawn(["true"], { ...part, env: {} })).calls).toContain("exited");
  });

  test("a relative path is seen from the cwd", async () => {
    using dir = new TempDir();
    script(dir, '#!/bin/sh\n[ "$(pwd -P)" = "$(dirname "$0" | xargs realpath)" ]\n');
    expect((await spawn(["./script"], { ...part, cwd: dir.path })).calls).toContain("exited");
    expect(await spawn(["./script"], part)).toEqual(
      failed("command_not_found", 'Cannot run "./script": /script does not exist'),
    );
  });

  test("an argument, or all together, too long", async () => {
    const long = failed("spawn_failed", 'Cannot run "true": arguments and environment are too long together');
    expect(await spawn(["true", "x".repeat(3_000_000)], part)).toEqual(long);
    expect(await spawn(["true", ...Array<string>(60_000).fill("x".repeat(100))], part)).toEqual(long);
  });

  test("a NUL in an argument", async () => {
    const outcome = await spawn(["true", "a\0b"], part);
    expect(outcome.calls).toEqual(["spawnFailed"]);
    expect(outcome.code).toBe("spawn_failed");
  });

  test("what could not be started is commanded in vain, and harmlessly", async () => {
    await using run = new HostRun();
    const child = await run.spawn(["no-such-thing"], part).done();
    child.process?.signal(15);
    child.process?.signalLeader(15);
    child.process?.destroy();
    child.process?.abandonOutput();
    child.process?.endInput();
    expect(() => child.process?.write(Buffer.from("x"))).toThrow("could not be started");
    expect(child.calls).toEqual(["spawnFailed"]);
  });

  test("a failed start leaves nothing open, thirty times", async () => {
    using dir = new TempDir();
    const path = script(dir, "no interpreter\n");
    const before = openPipes();
    {
      await using run = new HostRun();
      const children = Array.from({ length: 30 }, () => run.spawn([path], { ...part, input: true, streams: ["s"] }));
      for (const child of children) expect((await child.done()).error?.code).toBe("not_executable");
    }
    expect(openPipes()).toEqual(before);
  });
});

test("a launch that is killed before the program runs has failed", async () => {
  await using run = new HostRun();
  const child = run.spawn(["sleep", "1000"], { rlimits: { core: { soft: 0, hard: 0 } } });
  child.process?.destroy();
  await child.done();
  expect(child.calls).toEqual(["spawnFailed"]);
  expect([child.error?.code, child.error?.message]).toEqual([
    "spawn_failed",
    'Cannot run "sleep": its launch ended before the program ran',
  ]);
});

describe.each(ways)("the order of what is told, %s", (_way, part) => {
  test("spawned, exited, emptied, closed: each once", async () => {
    await using run = new HostRun();
    const child = await run.sh("echo hi; exit 3", part);
    expect(child.calls.slice(0, 2)).toEqual(["spawned", "exited"]);
    expect(child.calls.slice(2).toSorted()).toEqual(["closed", "emptied"]);
    expect(child.status).toEqual({ code: 3, signal: null });
  });

  test("output is complete before it is closed, however fast the end", async () => {
    await using run = new HostRun();
    const children = Array.from({ length: 20 }, () => run.spawn(["sh", "-c", "echo -n unfinished"], part));
    for (const child of children) expect((await child.done()).said()).toBe("unfinished");
  });

  test("an end by signal is told as one", async () => {
    await using run = new HostRun();
    const child = await run.sh("kill -9 $$", part);
    expect(child.status).toEqual({ code: null, signal: 9 });
    const realTime = await run.sh("kill -40 $$", part);
    expect(realTime.status).toEqual({ code: null, signal: 40 });
  });

  test("a descendant that lives on is a survivor, and its death empties the tree", async () => {
    await using run = new HostRun("subreaper");
    const child = run.spawn(["sh", "-c", "sleep 1000 & echo $!"], { ...part, outputs: ["out"] });
    await child.says(/\d+\n/);
    expect(child.calls.filter((call) => call !== "exited with survivors")).toEqual(["spawned"]);
    child.process?.destroy();
    await child.done();
    expect(child.calls.slice(0, 2)).toEqual(["spawned", "exited with survivors"]);
  });
});

/** The limit below which `room` numbers are free. */
function limitWithRoom(taken: readonly number[], room: number): number {
  let limit = 0;
  for (let free = 0; free < room; limit++) if (!taken.includes(limit)) free++;
  return limit;
}

test("too few descriptors are told as such, and nothing stays open", async () => {
  const c = libc();
  if (c === undefined) throw new Error("no C library to be had");
  const own = ownLimit(c, NOFILE);
  await using run = new HostRun();
  await run.spawn(["true"], { input: true, streams: ["a", "b"] }).done();
  const outcomes = new Set<string>();
  for (let room = 0; room < 24; room++) {
    const before = readdirSync("/proc/self/fd");
    setOwnLimit(c, NOFILE, { soft: limitWithRoom(before.map(Number), room), hard: own.hard });
    const child = run.spawn(["true"], { input: true, streams: ["a", "b"] });
    setOwnLimit(c, NOFILE, own);
    await child.done();
    outcomes.add(child.error?.code ?? "spawned");
    await waitFor(
      () => readdirSync("/proc/self/fd").length <= before.length,
      () => `${room}: ${child.calls.join()} ${before.join()} and not ${readdirSync("/proc/self/fd").join()}`,
    );
  }
  expect([...outcomes].toSorted((a, b) => a.localeCompare(b))).toEqual(["resource_exhausted", "spawned"]);
});
