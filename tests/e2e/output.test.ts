import { expect, test } from "bun:test";
import { RunningGaffer } from "../support/running-gaffer.ts";
import { TempDir } from "../support/temp-dir.ts";

/** Runs a Procfile once and gives the lines of one process, prefix cut off. */
async function lines(procfile: string, files: Record<string, string> = {}): Promise<string[]> {
  using dir = new TempDir({ Procfile: procfile, ...files });
  await using gaffer = new RunningGaffer(["start", "--no-restart"], { cwd: dir.path });
  await gaffer.ended();
  return gaffer.stdout
    .split("\n")
    .filter((line) => / p\.\d+ +\| /.test(line))
    .map((line) => line.slice(line.indexOf("| ") + 2))
    .filter((line) => !/^(started with pid|exited|stopped|killed)/.test(line));
}

test("a child that writes 5 MB and dies at once is heard to its end", async () => {
  const script = "awk 'BEGIN { for (n = 0; n < 50000; n++) printf \"%06d %092d\\n\", n, 0 }'";
  const heard = await lines(`p: ${script}\n`);
  expect(heard.length).toBe(50_000);
  expect(heard.every((line, n) => line === `${String(n).padStart(6, "0")} ${"0".repeat(92)}`)).toBe(true);
});

test("a last line without newline is shown", async () => {
  expect(await lines("p: printf 'one\\ntwo'\n")).toEqual(["one", "two"]);
});

test("stdout and stderr are shown in the order they were written", async () => {
  const heard = await lines("p: for n in 1 2 3 4; do echo out $n; echo err $n >&2; done\n");
  expect(heard).toEqual(["out 1", "err 1", "out 2", "err 2", "out 3", "err 3", "out 4", "err 4"]);
});

test("a child may open /dev/stdout and /dev/stderr by name", async () => {
  expect((await lines("p: echo one > /dev/stdout; echo two > /dev/stderr\n")).toSorted()).toEqual(["one", "two"]);
});

test("a line of 10 MB arrives whole", async () => {
  const heard = await lines("p: head -c 10000000 /dev/zero | tr '\\0' x; echo; echo after\n");
  expect(heard.map((line) => line.length)).toEqual([10_000_000, 5]);
});

test("lines of 50 writers are never torn", async () => {
  const script = 'for n in $(seq 200); do echo "$PS line $n of this writer"; done';
  using dir = new TempDir({ Procfile: `p: ${script}\n` });
  await using gaffer = new RunningGaffer(["start", "--no-restart", "-c", "p=50"], { cwd: dir.path });
  await gaffer.ended();
  const whole = gaffer.stdout.match(/^\d\d:\d\d:\d\d (p\.\d+) +\| \1 line \d+ of this writer$/gm) ?? [];
  expect(whole.length).toBe(10_000);
});
