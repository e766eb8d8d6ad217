import { expect, test } from "bun:test";
import { isAlive, procStat } from "../../../src/host/proc-stat.ts";
import { GroupTrees } from "../../../src/host/group-trees.ts";
import { sendSignal } from "../../../src/host/process-tree.ts";
import { signalSame } from "../../../src/host/subreaper-tree.ts";
import { TreeRun, wholeTrees } from "../../support/tree-run.ts";

test("a pid that another process has by now is not signalled", async () => {
  const child = Bun.spawn(["sleep", "600"]);
  const stat = procStat(child.pid);
  if (stat === undefined) throw new Error("it is not there");
  expect(signalSame({ pid: stat.pid, start: stat.start - 1 }, 9)).toBe(false);
  expect(isAlive(procStat(child.pid))).toBe(true);
  expect(signalSame(stat, 9)).toBe(true);
  await child.exited;
  expect(signalSame(stat, 9)).toBe(false);
});

test("a signal to a process that is gone is no error, a signal that does not exist is one", async () => {
  const child = Bun.spawn(["true"]);
  await child.exited;
  sendSignal(child.pid, 15);
  expect(() => sendSignal(process.pid, 999)).toThrow();
});

test.each([...wholeTrees, "group"] as const)(
  "trees held by %s: a dead leader's number is no group of ours",
  async (trees) => {
    await using run = new TreeRun(trees);
    const sent: number[] = [];
    const kill = process.kill.bind(process);
    const leader = run.spawn(`setsid M & sleep 0.05; exit 0`);
    await leader.was("exited");
    process.kill = (pid, signal) => {
      sent.push(pid);
      return kill(pid, signal);
    };
    try {
      leader.process.signal(15);
      leader.process.destroy();
      leader.process.signalLeader(9);
    } finally {
      process.kill = kill;
    }
    expect(sent.filter((pid) => pid <= 0 || pid === leader.osPid)).toEqual([]);
    if (trees === "group") expect(run.survivors).toHaveLength(1);
    else await leader.was("emptied");
  },
);

test("groups: a signal reaches the leader and its children", async () => {
  await using run = new TreeRun("group");
  const leader = run.spawn("M & echo up; wait");
  await leader.said("up");
  // The shell carries the mark in its script.
  await run.lives(2);
  leader.process.signal(15);
  await leader.was("emptied");
  await leader.was("closed");
  expect(leader.told.map((line) => line.replace(" survivors", "")).slice(0, 2)).toEqual(["spawned", "exited by 15"]);
  expect(run.survivors).toEqual([]);
});

test("groups: emptied comes when the last of a group without leader is dead", async () => {
  await using run = new TreeRun("group");
  const leader = run.spawn("trap '' TERM; M & sleep 0.05; exit 2");
  await leader.was("exited");
  expect(leader.told).toEqual(["spawned", "exited 2 survivors"]);
  leader.process.signal(15);
  await run.lives(1);
  expect(leader.told).toEqual(["spawned", "exited 2 survivors"]);
  leader.process.destroy();
  await leader.was("emptied");
  expect(run.survivors).toEqual([]);
});

test("groups: before there is a leader and after the end nothing is signalled", async () => {
  await using trees = new GroupTrees();
  const tree = trees.open();
  tree.signal(15);
  tree.destroy();
  expect(tree.leaderDied(() => undefined)).toEqual({ survivors: false });
});
