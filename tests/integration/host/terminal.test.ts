import { expect, test } from "bun:test";
import { TreeRun } from "../../support/tree-run.ts";

const terminal = { cols: 80, rows: 24 };
/** Straight by Bun, and over the trampoline, which an rlimit asks for. */
const ways = [
  ["direct", {}],
  ["over the trampoline", { rlimits: { core: { soft: 0, hard: 0 } } }],
] as const;

test.each(ways)(
  "a child with a terminal leads its session, sees its size, and is heard to its end: %s",
  async (_, part) => {
    await using run = new TreeRun("cgroup");
    const child = run.spawn(
      "tty; stty size; test -t 0 && test -t 1 && test -t 2 && echo all; echo err >&2; printf last",
      {
        ...part,
        terminal,
      },
    );
    await child.was("closed");
    expect(child.sink.text).toMatch(/^\/dev\/pts\/\d+\r\n24 80\r\nall\r\nerr\r\nlast$/);
    expect(child.told.toSorted()).toEqual(["closed", "emptied", "exited 0", "spawned"]);
  },
);

test("a terminal passes on what is typed, Ctrl-C and ^D included, and a new size", async () => {
  await using run = new TreeRun("cgroup");
  const echo = run.spawn("stty -echo; echo up; cat; echo end", { terminal });
  await echo.said("up");
  echo.process.write(Buffer.from("typed\n"));
  await echo.said("typed");
  echo.process.endInput();
  await echo.was("closed");
  expect(echo.sink.text).toContain("end");
  const asleep = run.spawn("echo up; exec M", { terminal });
  await asleep.said("up");
  asleep.process.write(Buffer.from("\u0003"));
  await asleep.was("closed");
  expect(asleep.told).toContain("exited by 2");
});

test("a terminal that somebody else holds open is let go of", async () => {
  await using run = new TreeRun("cgroup");
  const child = run.spawn("(trap '' HUP TERM; echo up; M) & sleep 0.05; exit 3", { terminal });
  await child.was("exited");
  expect(child.told).toContain("exited 3 survivors");
  child.process.destroy();
  await child.was("emptied");
  child.process.abandonOutput();
  await child.was("closed");
  expect(run.survivors).toEqual([]);
});
