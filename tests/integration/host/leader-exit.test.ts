import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { openPipes } from "../../support/open-descriptors.ts";
import { TreeRun, wholeTrees } from "../../support/tree-run.ts";
import { TempDir } from "../../support/temp-dir.ts";
import { waitFor } from "../../support/wait-for.ts";

describe.each(wholeTrees)("the end of a leader, trees held by %s", (trees) => {
  test("children that live on are told of, reached by signals, and emptied comes with the last", async () => {
    await using run = new TreeRun(trees);
    const leader = run.spawn(
      `trap '' TERM; M & (setsid sh -c 'trap "" TERM; echo deep; exec M' &) ; sleep 0.1; exit 4`,
    );
    await leader.was("exited");
    expect(leader.told).toEqual(["spawned", "exited 4 survivors"]);
    await run.lives(2);
    const [first = 0, second = 0] = run.survivors;
    process.kill(first, "SIGKILL");
    await run.lives(1);
    // A turn for what the death of the first may have set off.
    await Bun.sleep(50);
    expect(leader.told).toEqual(["spawned", "exited 4 survivors"]);
    process.kill(second, "SIGKILL");
    await leader.was("emptied");
    await leader.was("closed");
    expect(leader.told.slice(2).toSorted()).toEqual(["closed", "emptied"]);
  });

  test("a signal reaches those whom the leader left behind", async () => {
    await using run = new TreeRun(trees);
    const trapped = `trap "echo got; exit" USR1; while :; do sleep 0.02; done`;
    const leader = run.spawn(
      `sh -c '${trapped}' ${run.mark} & setsid sh -c '${trapped}' ${run.mark} & sleep 0.1; exit`,
    );
    await leader.was("exited");
    await run.lives(2);
    leader.process.signal(10);
    await leader.was("emptied");
    await leader.was("closed");
    // The shells tell of their sleeps that were killed, too.
    expect(leader.sink.lines.filter((line) => line === "got")).toEqual(["got", "got"]);
  });

  test("a zombie is no survivor", async () => {
    await using run = new TreeRun(trees);
    // The child is dead and unwaited for when the leader exits.
    const leader = run.spawn(["python3", "-c", "import os, time\nif os.fork() == 0: os._exit(0)\ntime.sleep(0.1)"]);
    await leader.was("closed");
    expect(leader.told.slice(0, 2)).toEqual(["spawned", "exited 0"]);
  });

  test("5 MB written by one that dies at once are whole when closed is told", async () => {
    await using run = new TreeRun(trees);
    const leader = run.spawn(["python3", "-c", "import os; os.write(1, b'x' * 5_000_000); os.kill(os.getpid(), 9)"]);
    await leader.was("closed");
    expect(leader.sink.length).toBe(5_000_000);
    expect(leader.sink.ends).toBe(1);
    expect(leader.told).toEqual(["spawned", "exited by 9", "emptied", "closed"]);
  });

  test("a grandchild that holds the pipe keeps it open, and its last words are read", async () => {
    await using run = new TreeRun(trees);
    const leader = run.spawn(`(trap 'printf last; exit' TERM; echo up; while :; do sleep 0.02; done) & exit 0`);
    await leader.was("exited");
    await leader.said("up");
    expect(leader.told).toEqual(["spawned", "exited 0 survivors"]);
    leader.process.signal(15);
    await Promise.all([leader.was("emptied"), leader.was("closed")]);
    // Between them the shell may tell of its sleep that was killed.
    expect(leader.sink.text).toMatch(/^up\n(Terminated\n)?last$/);
    expect(leader.told.slice(2).toSorted()).toEqual(["closed", "emptied"]);
  });

  test("a stranger that holds the pipe is left: what is there is read, then closed is told", async () => {
    using dir = new TempDir();
    await using run = new TreeRun(trees);
    // The stranger is our own child, and opens the leader's output by its name in proc.
    const leader = run.spawn(`echo up; while [ ! -e ${dir.file("go")} ]; do sleep 0.01; done`);
    await leader.said("up");
    const script = `exec >/proc/${leader.osPid}/fd/1; echo here; touch ${dir.file("go")}; exec sleep ${run.mark}`;
    const stranger = Bun.spawn(["sh", "-c", script], { stdio: ["ignore", "ignore", "ignore"] });
    await leader.was("emptied");
    expect(leader.told).toEqual(["spawned", "exited 0", "emptied"]);
    leader.process.signal(15);
    leader.process.destroy();
    leader.process.abandonOutput();
    await leader.was("closed");
    expect(leader.sink.text).toBe("up\nhere\n");
    expect(run.survivors).toEqual([stranger.pid]);
    stranger.kill("SIGKILL");
    await stranger.exited;
    expect(stranger.signalCode).toBe("SIGKILL");
  });

  test("each is told once, exited before emptied and closed, for 60 that end in every way", async () => {
    const before = openPipes();
    {
      await using run = new TreeRun(trees);
      const scripts = [
        "exit 0",
        "echo bye; exit 7",
        "kill -9 $$",
        "sleep 0.05 & exit 1",
        "(setsid sleep 0.05 &); exit 2",
        "exec M",
      ];
      const all = Array.from({ length: 60 }, (_, n) => run.spawn(scripts[n % scripts.length] ?? ""));
      await run.lives(10);
      for (const [n, one] of all.entries()) if (n % scripts.length === 5) one.process.signal(15);
      for (const one of all) await Promise.all([one.was("emptied"), one.was("closed")]);
      const codes = ["exited 0", "exited 7", "exited by 9", "exited 1", "exited 2", "exited by 15"];
      for (const [n, { told }] of all.entries()) {
        expect(told[0]).toBe("spawned");
        expect(told[1]?.replace(" survivors", "")).toBe(codes[n % codes.length] ?? "");
        expect(told.slice(2).toSorted()).toEqual(["closed", "emptied"]);
      }
    }
    expect(openPipes()).toEqual(before);
  });

  test("no zombie of ours stays, and 200 children of the program keep their exit codes", async () => {
    await using run = new TreeRun(trees);
    const leader = run.spawn(
      `n=0; while [ $n -lt 100 ]; do (setsid sh -c 'sleep 0.0$((n % 9)); exit 9' &); n=$((n+1)); done; echo made; exec M`,
    );
    const ours = Array.from({ length: 200 }, (_, n) =>
      Bun.spawn(["sh", "-c", `sleep 0.0${n % 10}; exit ${n}`], { stdio: ["ignore", "ignore", "ignore"] }),
    );
    expect(await Promise.all(ours.map(({ exited }) => exited))).toEqual(ours.map((_, n) => n));
    await leader.said("made");
    leader.process.destroy();
    await leader.was("closed");
    await waitFor(
      () => zombies().length === 0,
      () => `zombies: ${zombies().join()}`,
    );
  });

  test("another child of the program is neither signalled nor reaped", async () => {
    await using run = new TreeRun(trees);
    const leader = run.spawn(`(setsid M &); echo up; exec M`);
    await leader.said("up");
    using dir = new TempDir();
    const spawn = (detached: boolean) => {
      const script = `trap 'exit 5' TERM; touch ${dir.path}/$$; while :; do sleep 0.02; done`;
      return Bun.spawn(["sh", "-c", script], { detached, stdio: ["ignore", "ignore", "ignore"] });
    };
    const strangers = [spawn(false), spawn(true)];
    await waitFor(
      () => strangers.every(({ pid }) => existsSync(dir.file(String(pid)))),
      () => "the strangers",
    );
    leader.process.signal(15);
    leader.process.destroy();
    await leader.was("emptied");
    expect(strangers.map(({ exitCode, signalCode }) => exitCode ?? signalCode)).toEqual([null, null]);
    // Dead, and for a while nobody asks: it must not be taken away by us.
    for (const one of strangers) one.kill("SIGTERM");
    expect(await Promise.all(strangers.map(({ exited }) => exited))).toEqual([5, 5]);
  });
});

/** Children of this very process that are dead and not reaped. */
function zombies(): number[] {
  return readFileSync(`/proc/self/task/${process.pid}/children`, "latin1")
    .split(" ")
    .filter((pid) => pid !== "" && / Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1")))
    .map(Number);
}
