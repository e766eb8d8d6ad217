import { describe, expect, test } from "bun:test";
import { procStat } from "../../../src/host/proc-stat.ts";
import { TreeRun, wholeTrees } from "../../support/tree-run.ts";
import { waitFor } from "../../support/wait-for.ts";

/** Ways to outlive a stop, and how many marked processes each makes. `M` is a marked sleep. */
const escapes: readonly (readonly [what: string, script: string, marked: number])[] = [
  ["a child that ignores SIGTERM while the leader exits at once", `(trap '' TERM; M) & echo up; wait`, 2],
  ["a shell around a server", `echo up; M; echo never`, 2],
  ["a grandchild in a session of its own", `setsid sh -c 'M; :' & echo up; wait`, 3],
  ["a double fork", `(setsid sh -c 'M & exit' &); echo up; exec M`, 2],
  ["nohup", `nohup M >/dev/null 2>&1 & echo up; exec M`, 2],
  [
    "a double fork with a cleared environment",
    `(env -i setsid sh -c 'trap "" TERM; (M &) ; exit' &); echo up; exec M`,
    2,
  ],
  [
    "a double fork with a cleared environment and nothing open",
    `(env -i setsid sh -c '(trap "" TERM; setsid M </dev/null >/dev/null 2>&1 &); exit' </dev/null >/dev/null 2>&1 &); echo up; exec M`,
    2,
  ],
  [
    "seven processes of every kind",
    `M & (trap '' TERM; M) & nohup M >/dev/null 2>&1 & setsid M & (setsid sh -c 'M & exit' &)
     (env -i setsid sh -c '(trap "" TERM; M >/dev/null 2>&1 &)' &) ; echo up; exec M`,
    7,
  ],
];

describe.each(wholeTrees)("trees held by %s", (trees) => {
  test.each(escapes)("stop leaves nothing of %s", async (_what, script, marked) => {
    await using run = new TreeRun(trees);
    const leader = run.spawn(script);
    await leader.said("up");
    await waitFor(
      () => run.survivors.filter((pid) => pid !== leader.osPid).length >= Math.min(marked, 1),
      () => "the marked processes",
    );
    leader.process.signal(15);
    await leader.was("exited");
    leader.process.destroy();
    await leader.was("emptied");
    expect(run.survivors).toEqual([]);
    await leader.was("closed");
    expect(leader.told.filter((line) => !line.startsWith("exited"))).toHaveLength(3);
  });

  test("20 trees of seven leave nothing", async () => {
    const seven = `M & (trap '' TERM; M) & nohup M >/dev/null 2>&1 & setsid M & (setsid sh -c 'M & exit' &)
      (setsid sh -c '(trap "" TERM; M &)' &) ; echo up; exec M`;
    await using run = new TreeRun(trees);
    for (let round = 0; round < 20; round++) {
      const leader = run.spawn(seven);
      await leader.said("up");
      await waitFor(
        () => run.survivors.length >= 7,
        () => `seven, not ${run.survivors.length}`,
      );
      leader.process.signal(15);
      await leader.was("exited");
      leader.process.destroy();
      await leader.was("emptied");
      expect(run.survivors).toEqual([]);
    }
  });

  test("several trees at once: the stop of one takes only its own, whatever hides", async () => {
    await using run = new TreeRun(trees);
    const hide = `(env -i setsid sh -c '(setsid M </dev/null >/dev/null 2>&1 &); exec M' </dev/null >/dev/null 2>&1 &)`;
    const all = [1, 2, 3].map(() => run.spawn(`${hide}; echo up; while :; do M; done`));
    for (const one of all) await one.said("up");
    // In each: the shell, its sleep, and the two that hide; one of these is an orphan of an orphan.
    await run.lives(12);
    for (const [index, one] of all.entries()) {
      one.process.destroy();
      await one.was("emptied");
      for (const other of all.slice(index + 1)) expect(other.told).toEqual(["spawned"]);
      // What nothing tells apart may stay until the others are gone: then there is only one it can be of.
      expect(run.survivors.length).toBeGreaterThanOrEqual(4 * (all.length - index - 1));
    }
    expect(run.survivors).toEqual([]);
  });

  test("who was seen below its leader is found when nothing else tells it from another tree's", async () => {
    await using run = new TreeRun(trees);
    const hide = `env -i setsid M </dev/null >/dev/null 2>&1 & echo up; wait`;
    const one = run.spawn(hide);
    const other = run.spawn(hide);
    await Promise.all([one.said("up"), other.said("up")]);
    // Each shell, whose script carries the mark, and its sleep.
    await waitFor(
      () =>
        run.survivors.length === 4 &&
        run.survivors.every((pid) => pid === one.osPid || pid === other.osPid || procStat(pid)?.sid === pid),
      () => "both sleeps in sessions of their own",
    );
    // Each look at a tree takes note of its members.
    one.process.signal(0);
    other.process.signal(0);
    one.process.signalLeader(9);
    other.process.signalLeader(9);
    await Promise.all([one.was("exited"), other.was("exited")]);
    expect([one.told[1], other.told[1]]).toEqual(["exited by 9 survivors", "exited by 9 survivors"]);
    one.process.destroy();
    await one.was("emptied");
    expect(run.survivors).toHaveLength(1);
    expect(other.told).not.toContain("emptied");
    other.process.destroy();
    await other.was("emptied");
    expect(run.survivors).toEqual([]);
  });

  test("processes that fork all the time are gone after destroy", async () => {
    await using run = new TreeRun(trees);
    // Fifty times a second a session of its own, in which each forks the next and soon dies: never the same ones.
    const script = `
import os, sys, time
sys.stdout.write("up\\n"); sys.stdout.flush()
while True:
    if os.fork() == 0:
        os.setsid()
        for step in range(4):
            if os.fork() == 0: continue
            time.sleep(0.1)
            os._exit(0)
        os._exit(0)
    try:
        while os.waitpid(-1, os.WNOHANG)[0] > 0: pass
    except ChildProcessError: pass
    time.sleep(0.02)
`;
    const leader = run.spawn(["python3", "-c", script, run.mark]);
    await leader.said("up");
    await waitFor(
      () => run.survivors.length > 4,
      () => "a crowd",
    );
    leader.process.signal(0);
    leader.process.destroy();
    await leader.was("emptied");
    expect(run.survivors).toEqual([]);
  });

  test("a stopped child (SIGSTOP) does not survive", async () => {
    await using run = new TreeRun(trees);
    const leader = run.spawn(`setsid M & kill -STOP $!; echo up; wait`);
    await leader.said("up");
    leader.process.signal(15);
    leader.process.destroy();
    await leader.was("emptied");
    expect(run.survivors).toEqual([]);
  });

  test("destroy right after the spawn", async () => {
    await using run = new TreeRun(trees);
    const leader = run.spawn(`M & M`);
    leader.process.destroy();
    await Promise.all([leader.was("emptied"), leader.was("closed")]);
    expect(leader.told.map((line) => line.replace(" survivors", "")).toSorted()).toEqual([
      "closed",
      "emptied",
      "exited by 9",
      "spawned",
    ]);
    expect(run.survivors).toEqual([]);
  });

  test("destroy before exec is confirmed", async () => {
    await using run = new TreeRun(trees);
    // Limits are set by a trampoline, and exec is told later.
    const leader = run.spawn(`M`, { rlimits: { core: { soft: 0, hard: 0 } } });
    expect(leader.told).toEqual([]);
    leader.process.destroy();
    // It never became the program: that is a start that failed, and nothing else is told of it.
    await leader.was("spawnFailed");
    expect(leader.told).toEqual([expect.stringMatching(/^spawnFailed /)]);
    expect(run.survivors).toEqual([]);
  });

  test("signals to what is gone are harmless", async () => {
    await using run = new TreeRun(trees);
    const leader = run.spawn("exit 3");
    await leader.was("closed");
    const told = [...leader.told];
    leader.process.signal(15);
    leader.process.signalLeader(15);
    leader.process.destroy();
    leader.process.abandonOutput();
    leader.process.endInput();
    expect(leader.told).toEqual(told);
    expect(told[1]).toBe("exited 3");
  });
});
