import { expect, test } from "bun:test";
import { version } from "../../package.json";
import { gafferBinary } from "../support/gaffer-binary.ts";
import { TempDir } from "../support/temp-dir.ts";

const run = (cwd: string, ...args: string[]): Bun.SyncSubprocess<"pipe", "pipe"> =>
  Bun.spawnSync([gafferBinary(), ...args], { cwd, stdio: ["ignore", "pipe", "pipe"], env: process.env });

/** What a run showed, without the one name that differs. */
const shown = (out: Bun.SyncSubprocess<"pipe", "pipe">): unknown[] =>
  [out.exitCode, out.stdout.toString(), out.stderr.toString()].map((part) =>
    String(part).replaceAll(/\/\S*gaffer-test-\w+/g, "DIR"),
  );

test("gaffer version tells version, commit, Bun and target", () => {
  using dir = new TempDir();
  const { stdout, exitCode } = run(dir.path, "version");
  expect(stdout.toString()).toMatch(
    /^gaffer \d+\.\d+\.\d+ \(commit [0-9a-f]{7}\+?, bun 1\.4\.5, linux-(x64|arm64)(-musl)?\)\n$/,
  );
  expect(exitCode).toBe(0);
  expect(JSON.parse(run(dir.path, "version", "--json").stdout.toString())).toMatchObject({ version, bun: "1.4.5" });
});

test("files that lie in the working directory change nothing", () => {
  using empty = new TempDir();
  using stray = new TempDir({
    ".env": "STRAY=from-dotenv\nNO_COLOR=\nBUN_OPTIONS=--nope\n",
    "bunfig.toml": 'preload = ["./preload.ts"]\n[run]\nbroken = ',
    "package.json": "{ this is no JSON",
    "tsconfig.json": "{ nor is this",
    "preload.ts": 'throw new Error("preloaded")',
  });
  for (const args of [["version"], ["--help"], ["start", "-f", "missing"]]) {
    const [here, there] = [run(empty.path, ...args), run(stray.path, ...args)];
    expect(shown(there)).toEqual(shown(here));
  }
});

test("a stray .env of a directory without a Procfile application is not in a child's environment", () => {
  using stray = new TempDir({ ".env": "STRAY=from-dotenv\n", "app/Procfile": "p: printenv STRAY || echo none\n" });
  const { stdout } = run(stray.path, "start", "-d", "app", "--no-restart");
  expect(stdout.toString()).toContain("| none\n");
  expect(stdout.toString()).not.toContain("from-dotenv");
});
