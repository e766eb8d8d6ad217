import { describe, expect, test } from "bun:test";
import { readFileSync, readlinkSync } from "node:fs";
import { Life } from "../../support/life.ts";
import { SoleJobs } from "../../support/sole-jobs.ts";
import { TempDir } from "../../support/temp-dir.ts";
import { wholeTrees } from "../../support/tree-run.ts";
import { waitFor } from "../../support/wait-for.ts";

/** What a process has as stdin, stdout and stderr. */
const streamsOf = (pid: number): string[] => [0, 1, 2].map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));

const sessionOf = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[3]);
};

describe.each(wholeTrees)("detached processes, trees held by %s", (trees) => {
  /** A folder, its jobs, and lives on it. */
  function begin() {
    const dir = new TempDir();
    const sole = new SoleJobs(dir);
    const folder = dir.file("state");
    const live = (...jobs: ReturnType<typeof sole.job>[]): Life => new Life({ folder, trees, jobs });
    const [first] = [sole.job(1, { name: "d", detach: true })];
    return {
      dir,
      sole,
      live,
      job: first,
      [Symbol.dispose]: () => {
        sole[Symbol.dispose]();
        dir[Symbol.dispose]();
      },
    };
  }

  test.each([["a clean stop"], ["SIGKILL"]])(
    "live through %s of the daemon, and are adopted as they are",
    async (how) => {
      using run = begin();
      await using life = run.live(run.job, run.sole.job(1));
      const [detached, other] = await life.up();
      const pid = detached?.osPid ?? 0;
      await waitFor(
        () => run.sole.starts.length === 2,
        () => "both starts",
      );
      if (how === "SIGKILL") await life.kill();
      else await life.command("quit");
      expect(run.sole.alive).toContain(pid);
      await using next = run.live(run.job, run.sole.job(1));
      const [again, another] = await next.up();
      expect(next.said[0]?.report).toMatchObject({ found: how === "SIGKILL" ? 1 : 0, detached: ["default.d.1"] });
      expect([again?.osPid, another?.osPid === other?.osPid]).toEqual([pid, false]);
      // Its age is that of the process: it was there before the life that adopted it.
      const spawned = await next.says(({ event, os_pid }) => event === "spawn" && os_pid === pid);
      expect(spawned).toMatchObject({ detach: true, slot: 1 });
      expect(again?.uptimeMs).toBeGreaterThan(another?.uptimeMs ?? Infinity);
      await waitFor(
        () => run.sole.starts.length === 3,
        () => "the other's second start",
      );
      expect(run.sole.complaints).toEqual([]);
      await next.command("stop default.d");
      expect(run.sole.alive).not.toContain(pid);
      expect(next.said.find(({ event, os_pid }) => event === "exit" && os_pid === pid)).toMatchObject({
        reason: "stopped",
      });
    },
  );

  test("the end of an adopted one is noticed, told as what it is, and followed by another", async () => {
    using run = begin();
    await using life = run.live(run.job);
    const [before] = await life.up();
    await life.kill();
    await using next = run.live(run.job);
    await next.up();
    process.kill(before?.osPid ?? 0, "SIGKILL");
    const exit = await next.says(({ event }) => event === "exit");
    expect(exit).toMatchObject({ exit_code: null, reason: "ended, nobody knows how: it was adopted" });
    expect([exit.exit_status, exit.os_pid]).toEqual([undefined, before?.osPid]);
    const follower = await next.says(({ event, os_pid }) => event === "spawn" && os_pid !== before?.osPid);
    await waitFor(
      () => run.sole.starts.length === 2,
      () => "the start of another",
    );
    expect(run.sole.alive).toEqual([follower.os_pid ?? 0]);
    expect(run.sole.complaints).toEqual([]);
    await next.command("stop default.d");
    expect(run.sole.alive).toEqual([]);
  });

  test("what an adopted leader leaves behind is stopped before its place is filled again", async () => {
    using run = begin();
    const job = run.sole.job(1, {
      name: "d",
      detach: true,
      gracefulTimeoutMs: 200,
      before: `(trap '' TERM; exec setsid sleep ${run.sole.mark}) & sleep ${run.sole.mark} &`,
    });
    await using life = run.live(job);
    const [before] = await life.up();
    await waitFor(
      () => run.sole.alive.length === 3,
      () => "three",
    );
    const old = run.sole.alive;
    await life.kill();
    await using next = run.live(job);
    await next.up();
    expect(run.sole.alive).toEqual(old);
    process.kill(before?.osPid ?? 0, "SIGKILL");
    await next.says(({ event, os_pid }) => event === "spawn" && os_pid !== before?.osPid);
    await waitFor(
      () => run.sole.alive.length === 3 && run.sole.starts.length === 2,
      () => `three others, not ${run.sole.alive.join()}`,
    );
    expect([run.sole.alive.filter((pid) => old.includes(pid)), run.sole.complaints]).toEqual([[], []]);
    await next.command("stop default.d");
    expect(run.sole.alive).toEqual([]);
  });

  test("a job that changed meanwhile has its old process stopped, and then another", async () => {
    using run = begin();
    await using life = run.live(run.job);
    const [before] = await life.up();
    await life.command("quit");
    await using next = run.live({ ...run.job, env: { COLOUR: "blue" } });
    const [after] = await next.up();
    await waitFor(
      () => run.sole.starts.length === 2,
      () => "the second start",
    );
    expect([run.sole.alive, run.sole.complaints]).toEqual([[after?.osPid ?? 0], []]);
    expect(after?.osPid).not.toBe(before?.osPid);
    await next.command("unload default.d");
    expect(run.sole.alive).toEqual([]);
  });

  test("one that no job claims is stopped after the load, and so is one of a slot that was closed", async () => {
    using run = begin();
    const two = { ...run.job, numprocesses: 2 };
    await using life = run.live(two);
    const [first, second] = await life.up();
    await life.command("quit");
    expect(run.sole.alive).toHaveLength(2);
    await using next = run.live(run.job);
    await next.up();
    expect((await next.says(({ unclaimed }) => unclaimed !== undefined)).unclaimed).toEqual(["default.d.2"]);
    expect([run.sole.alive, second?.osPid === first?.osPid]).toEqual([[first?.osPid ?? 0], false]);
    await next.command("scale default.d=0");
    expect(run.sole.alive).toEqual([]);
    await next.command("quit");
    await using last = run.live();
    await last.up();
    expect(last.said[0]?.report).toMatchObject({ found: 0, detached: [] });
  });

  test("one that died while nobody looked is followed by another", async () => {
    using run = begin();
    await using life = run.live(run.job);
    const [before] = await life.up();
    await life.command("quit");
    process.kill(before?.osPid ?? 0, "SIGKILL");
    await waitFor(
      () => run.sole.alive.length === 0,
      () => "its end",
    );
    await using next = run.live(run.job);
    const [after] = await next.up();
    expect(next.said[0]?.report).toMatchObject({ found: 0, detached: [] });
    expect(run.sole.alive).toEqual([after?.osPid ?? 0]);
    await next.command("stop default.d");
  });

  test("what was committed to a detached job is no detached process: it ends with the daemon", async () => {
    using run = begin();
    await using life = run.live({ ...run.job, start: false });
    await life.up();
    await life.command("commit default.d");
    await waitFor(
      () => run.sole.alive.length === 1,
      () => "the committed one",
    );
    await life.command("commit default.d");
    await life.kill();
    await using next = run.live({ ...run.job, start: false });
    await next.up();
    expect(next.said[0]?.report).toMatchObject({ found: 2, detached: [] });
    await next.command("commit default.d");
    await next.command("quit");
    expect(run.sole.alive).toEqual([]);
  });

  test("they have a session of their own, no pipe, and their log files", async () => {
    using run = begin();
    const logged = {
      ...run.job,
      name: "logged",
      logfile: run.dir.file("%i.log"),
      stderrLogfile: run.dir.file("err.log"),
    };
    const merged = {
      ...run.job,
      name: "merged",
      cmd: "echo out; echo err >&2; exec sleep 600",
      logfile: run.dir.file("all.log"),
    };
    const lost = { ...run.job, name: "lost", logfile: run.dir.file("no/such/folder.log") };
    run.dir.write("all.log", "before\n");
    await using life = run.live({ ...run.job, redirectInput: true }, logged, merged, lost);
    const slots = await life.up();
    const [silent, log, all, none] = slots.map(({ osPid }) => osPid ?? 0);
    const nothing = "/dev/null";
    expect([silent, log, all, none].map((pid) => streamsOf(pid ?? 0))).toEqual([
      [nothing, nothing, nothing],
      [nothing, run.dir.file("1.log"), run.dir.file("err.log")],
      [nothing, run.dir.file("all.log"), run.dir.file("all.log")],
      [nothing, nothing, nothing],
    ]);
    expect(sessionOf(silent ?? 0)).toBe(silent ?? -1);
    expect(life.said.flatMap(({ trouble }) => trouble ?? [])).toEqual([
      expect.stringMatching(/^Cannot open log file ".*no\/such\/folder\.log": ENOENT/),
    ]);
    await waitFor(
      () => readFileSync(run.dir.file("all.log"), "utf8") === "before\nout\nerr\n",
      () => "its words",
    );
    // A fifo that nobody reads is no place to write to, and nothing to wait for.
    for (const job of ["d", "logged", "merged", "lost"]) await life.command(`stop default.${job}`);
  });

  test("three lives, and the same process all along", async () => {
    using run = begin();
    const pids = new Set<number | undefined>();
    for (const how of ["kill", "quit", "kill", "quit"]) {
      await using life = run.live(run.job, run.sole.job(2));
      const [detached] = await life.up();
      pids.add(detached?.osPid);
      await waitFor(
        () => run.sole.starts.length % 2 === 1,
        () => "all starts",
      );
      if (how === "kill") await life.kill();
      else await life.command("quit");
    }
    expect([pids.size, run.sole.complaints]).toEqual([1, []]);
    await using last = run.live();
    await last.up();
    expect(run.sole.alive).toEqual([]);
  });
});
