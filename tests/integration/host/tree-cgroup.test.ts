import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readOwnCgroup } from "../../../src/host/cgroup-mount.ts";
import { killCgroup, removeCgroup } from "../../../src/host/cgroup-tree.ts";
import { CgroupTrees } from "../../../src/host/cgroup-trees.ts";
import { markedProcesses } from "../../support/marked-processes.ts";
import { TempDir } from "../../support/temp-dir.ts";
import { TreeRun } from "../../support/tree-run.ts";
import { waitFor } from "../../support/wait-for.ts";

const below = readOwnCgroup() ?? "no version 2 hierarchy";
let count = 0;
const ownInstance = (): string => `test-${process.pid}-${++count}`;
const folderOf = (instance: string): string => join(below, `gaffer-${instance}`);

function trees(instance: string, options = {}): CgroupTrees {
  const made = CgroupTrees.make(instance, options);
  if (made === undefined) throw new Error("this machine gives us no control group");
  return made;
}

/** An empty group is taken away when there is time. */
const isTakenAway = (folder: string): Promise<void> =>
  waitFor(
    () => !existsSync(folder),
    () => `the end of ${folder}`,
  );

test("each tree has a control group while it lives, and the host's is gone in the end", async () => {
  const instance = ownInstance();
  {
    await using run = new TreeRun("cgroup", { instance });
    const leader = run.spawn("echo up; exec M");
    await leader.said("up");
    expect(existsSync(join(folderOf(instance), "1"))).toBe(true);
    leader.process.destroy();
    await leader.was("emptied");
    await isTakenAway(join(folderOf(instance), "1"));
    expect(existsSync(folderOf(instance))).toBe(true);
  }
  expect(existsSync(folderOf(instance))).toBe(false);
});

test("a spawn that failed leaves no control group", async () => {
  const instance = ownInstance();
  await using run = new TreeRun("cgroup", { instance });
  const failed = run.spawn(["/nonexistent/program"]);
  expect(failed.told).toEqual([expect.stringContaining("spawnFailed")]);
  expect(readdirSync(folderOf(instance)).filter((name) => /^\d+$/.test(name))).toEqual([]);
});

test("a child in a control group that it made below ours is reached, and both are taken away", async () => {
  const instance = ownInstance();
  await using run = new TreeRun("cgroup", { instance });
  const inner = join(folderOf(instance), "1/a/b");
  const leader = run.spawn(
    `mkdir -p ${inner}; (trap '' TERM; sh -c 'echo $PPID' > ${inner}/cgroup.procs; echo up; exec setsid M) & wait`,
  );
  await leader.said("up");
  leader.process.signal(15);
  await leader.was("exited");
  expect(leader.told).toEqual(["spawned", "exited by 15 survivors"]);
  leader.process.destroy();
  await leader.was("emptied");
  expect(run.survivors).toEqual([]);
  await isTakenAway(join(folderOf(instance), "1"));
});

test("a kernel without cgroup.kill: all are killed one by one", async () => {
  await using host = trees(ownInstance(), {
    killAtOnce: () => {
      throw new Error("ENOENT");
    },
  });
  const mark = `88${process.pid}.1`;
  const tree = host.open(1);
  const script = `sleep ${mark} & (setsid sleep ${mark} &); while :; do (sleep ${mark} &); sleep 0.02; done`;
  const { cgroup = "" } = tree.spawn;
  const child = Bun.spawn(["sh", "-c", script], { cgroup, detached: true });
  tree.adopt(child.pid);
  await waitFor(
    () => markedProcesses(mark).length > 5,
    () => "its children",
  );
  tree.destroy();
  await child.exited;
  const emptied = Promise.withResolvers<void>();
  if (tree.leaderDied(emptied.resolve).survivors) await emptied.promise;
  expect(markedProcesses(mark)).toEqual([]);
  await isTakenAway(cgroup);
});

test("what a killed gaffer of the same instance left is killed, and its folder used again", async () => {
  const instance = ownInstance();
  const left = join(folderOf(instance), "7/deep");
  mkdirSync(left, { recursive: true });
  const child = Bun.spawn(["sleep", "600"], { cgroup: left });
  await using host = trees(instance);
  expect([await child.exited, child.signalCode]).toEqual([137, "SIGKILL"]);
  expect(existsSync(left)).toBe(false);
  host.open(7).discard();
});

test("empty folders of the killed are taken away, those that hold a process or whose owner lives are not", async () => {
  const dead = Bun.spawn(["true"]);
  await dead.exited;
  const name = `test-${process.pid}x-`;
  const [empty, full, owned] = [folderOf(name + dead.pid), folderOf(`${name}99999999`), folderOf(name + process.ppid)];
  for (const folder of [join(empty, "1"), full, owned]) mkdirSync(folder, { recursive: true });
  const child = Bun.spawn(["sleep", "600"], { cgroup: full });
  {
    await using host = trees(`${name}${process.pid}`);
    expect(host).toBeDefined();
  }
  expect([empty, full, owned].map((folder) => existsSync(folder))).toEqual([false, true, true]);
  expect(child.exitCode).toBeNull();
  child.kill("SIGKILL");
  await child.exited;
  for (const folder of [full, owned]) removeCgroup(folder);
});

test("a second host of one program does not take the first one's processes for left", async () => {
  const instance = ownInstance();
  await using first = new TreeRun("cgroup", { instance });
  const leader = first.spawn("exec M");
  await first.lives(1);
  await using second = new TreeRun("cgroup", { instance });
  const other = second.spawn("exit 3");
  await other.was("closed");
  expect(other.told).toContain("exited 3");
  expect(leader.told).toEqual(["spawned"]);
});

test("no control group where there is none to be had: missing folder, other filesystem, one for threads", () => {
  using dir = new TempDir();
  expect(CgroupTrees.make(ownInstance(), { below: dir.file("missing") })).toBeUndefined();
  expect(CgroupTrees.make(ownInstance(), { below: dir.path })).toBeUndefined();
  expect(readdirSync(dir.path)).toEqual([]);
  const threaded = folderOf(ownInstance());
  mkdirSync(threaded);
  try {
    writeFileSync(join(threaded, "cgroup.type"), "threaded");
    expect(CgroupTrees.make(ownInstance(), { below: threaded })).toBeUndefined();
    expect(readdirSync(threaded, { withFileTypes: true }).filter((entry) => entry.isDirectory())).toEqual([]);
  } finally {
    killCgroup(threaded);
    removeCgroup(threaded);
  }
});

test("where it may not make one the host takes the next best way, and holds trees by it", async () => {
  // A name that can't be one folder: mkdir fails as it does where nothing is delegated.
  await using run = new TreeRun("cgroup", { instance: "no/such/folder" });
  const leader = run.spawn(`(setsid M &); echo up; exec M`);
  await leader.said("up");
  await run.lives(2);
  leader.process.destroy();
  await leader.was("emptied");
  expect(run.survivors).toEqual([]);
});
