import { expect, test } from "bun:test";
import { processStats } from "../../../src/host/process-stats.ts";
import { ProcessWatcher } from "../../../src/host/process-watcher.ts";
import { TreeRun } from "../../support/tree-run.ts";

test("processStats() tells of each process and its descendants, and leaves out who is gone", async () => {
  await using run = new TreeRun("cgroup");
  const one = run.spawn("sleep 1000 & echo up; wait");
  const other = run.spawn("nice -n 5 sh -c 'echo up; exec sleep 1000'", { uid: "nobody" });
  const gone = run.spawn("exit 0");
  await Promise.all([one.said("up"), other.said("up"), gone.was("closed")]);
  const stats = await processStats([one.osPid, other.osPid, gone.osPid, 99_999_999]);
  expect(new Set(stats.keys())).toEqual(new Set([one.osPid, other.osPid]));
  const first = stats.get(one.osPid);
  expect([first?.username, first?.commandLine, first?.nice]).toEqual(["root", "sh", 0]);
  expect(first?.memoryBytes).toBeGreaterThan(0);
  expect(first?.children.map(({ commandLine }) => commandLine)).toEqual(["sleep"]);
  const niced = stats.get(other.osPid);
  expect([niced?.username, ...(niced?.children ?? []).map(({ nice }) => nice)]).toEqual(["nobody", 5]);
  expect(await processStats([])).toEqual(new Map());
  expect(await processStats([99_999_999])).toEqual(new Map());
});

test("ProcessWatcher samples while somebody listens, and stops by itself when the process has gone", async () => {
  await using run = new TreeRun("cgroup");
  const child = run.spawn("echo up; exec sleep 1000");
  await child.said("up");
  const watcher = new ProcessWatcher();
  expect(watcher.active).toBe(false);
  const first = await new Promise<number>((resolve) => watcher.subscribe(child.osPid, ({ osPid }) => resolve(osPid)));
  expect(first).toBe(child.osPid);
  const second = await new Promise<number>((resolve) =>
    watcher.subscribeOnce(child.osPid, ({ osPid }) => resolve(osPid)),
  );
  expect([second, watcher.active]).toEqual([child.osPid, true]);
  child.process.destroy();
  await child.was("emptied");
  while (watcher.active) await Bun.sleep(5);
});
