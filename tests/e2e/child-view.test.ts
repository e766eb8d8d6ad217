import { describe, expect, test } from "bun:test";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ChildView } from "../support/child-view.ts";
import { gafferBinary } from "../support/gaffer-binary.ts";
import { TempDir } from "../support/temp-dir.ts";

const root = join(import.meta.dir, "..", "..");
const fixture = readFileSync(join(root, "tests", "fixtures", "child-view.sh"), "utf8");

/** How gaffer is run: the compiled executable, and its source. */
const commands: readonly (readonly [name: string, argv: readonly string[]])[] = [
  ["binary", [gafferBinary()]],
  ["source", [process.execPath, "--no-env-file", "--config=/dev/null", join(root, "src", "main.ts")]],
];

/** What gaffer itself is given, and what of it no child may have. */
const ours = {
  NOTIFY_SOCKET: "/nowhere",
  LISTEN_FDS: "1",
  LISTEN_PID: "1",
  LISTEN_FDNAMES: "x",
  WATCHDOG_USEC: "1000000",
  GAFFER_API_KEY: "secret",
  BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0",
  BUN_GC_TIMER_DISABLE: "1",
};
const kept = { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: "/root", NODE_ENV: "staging", TZ: "Asia/Tokyo" };
/** What a process is to have, and what gaffer's own runtime would obey if it had it. */
const obeyed = { BUN_BE_BUN: "1", BUN_OPTIONS: "--print", NODE_OPTIONS: "--inspect", GAFFER_LAUNCH_X: "mine" };

/** Ways to a process: a limit of open files that leaves gaffer no room forces the trampoline. */
const preludes: readonly (readonly [way: string, prelude: string, nofile: string])[] = [
  ["direct", "trap '' HUP PIPE USR1; umask 027; ulimit -Sn 256;", "256 "],
  ["trampoline", "trap '' HUP PIPE USR1; umask 027; ulimit -Sn 70;", "70 "],
];

/** Runs a process that says what it was given, below a shell that sets `prelude`. */
async function viewFrom(argv: readonly string[], prelude = ""): Promise<ChildView> {
  using dir = new TempDir({
    "view.sh": fixture,
    Procfile: 'p: exec sh -c "$(cat view.sh)"\n',
    ".env": Object.entries(obeyed)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(""),
    ".env.local": "FROM_RUNTIME=1\n",
    "bunfig.toml": 'preload = ["./no-such-file.ts"]\n',
  });
  const script = `cd ${dir.path} && ${prelude} "$0" "$@"; exit $?`;
  const command = ["sh", "-c", script, ...argv, "start", "--no-restart", "--json"];
  const child = Bun.spawn(command, { env: { ...kept, ...ours }, stdio: ["ignore", "pipe", "pipe"] });
  const [text, errors] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  expect(await child.exited, errors).toBe(0);
  const records = text
    .trimEnd()
    .split("\n")
    .map((line): Record<string, unknown> => JSON.parse(line));
  return new ChildView(
    records.flatMap(({ text: said, stream }) => (stream === "stdout" ? [`${String(said)}\n`] : [])).join(""),
  );
}

describe.each(commands)("%s", (_name, argv) => {
  test.each(preludes)("what a process gets is what gaffer was started with, %s", async (_way, prelude, nofile) => {
    const view = await viewFrom(argv, prelude);
    const { pid, pgid, sid } = view.ids;
    expect([pgid, sid]).toEqual([pid, pid]);
    expect(view.status("SigIgn")).toBe("0000000000000000");
    expect(view.status("SigBlk")).toBe("0000000000000000");
    expect(view.status("Umask")).toBe("0027");
    expect(view.limits["Max open files"]).toStartWith(nofile);
    expect(view.descriptors).toEqual({ 0: "character special file", 1: "fifo", 2: "fifo" });
    expect(view.env).toMatchObject({ ...kept, ...obeyed });
    const names = Object.keys(view.env).filter((name) => name in ours);
    expect([names, view.env["FROM_RUNTIME"]]).toEqual([[], undefined]);
  });
});

test("an executable that was replaced still starts processes", async () => {
  using dir = new TempDir({
    Procfile: "p: exec sh run.sh\n",
    // The first life removes the executable, the second ends gaffer.
    "run.sh": 'if [ -e gaffer ]; then rm gaffer; exit 1; fi\necho "second life"\nkill -TERM $PPID\nexec sleep 100\n',
  });
  copyFileSync(gafferBinary(), dir.file("gaffer"));
  const script = `cd ${dir.path} && ulimit -Sn 70; ./gaffer start; exit $?`;
  const child = Bun.spawn(["sh", "-c", script], { env: kept, stdio: ["ignore", "pipe", "pipe"] });
  const [text] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  expect(text).toContain("second life");
});

test.each(preludes)("the view from the binary and from the source is the same, %s", async (_way, prelude) => {
  const views: unknown[] = [];
  for (const [, argv] of commands) {
    const view = await viewFrom(argv, prelude);
    const { statuses, limits, descriptors, args } = view;
    views.push({ statuses, limits, descriptors, args, names: Object.keys(view.env).toSorted() });
  }
  expect(views[1]).toEqual(views[0]);
});
