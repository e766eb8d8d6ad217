import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LinesOptions } from "./start-lines.ts";

/** Bytes of a line. */
const LINE_BYTES = 100;

/** When a run is given up. */
const LIMIT_MS = 60_000;

/** One run: its folder, and the program that fills `out` there. */
interface Run {
  readonly folder: string;
  readonly argv: readonly string[];
  readonly bytes: number;
}

const logs = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => /^out(?:\.\d+)?$/.test(name))
    .map((name) => join(folder, name));

const sizeOf = (folder: string): number =>
  logs(folder).reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0);

/** From the first child's first act to the last byte in the files: how long the programs take to start is not counted. */
async function time({ folder, argv, bytes }: Run): Promise<number> {
  const program = Bun.spawn([...argv], { stdio: ["ignore", "ignore", "inherit"], env: process.env });
  const limit = Date.now() + LIMIT_MS;
  while (sizeOf(folder) < bytes) {
    if (Date.now() < limit && (program.exitCode === null || sizeOf(folder) >= bytes)) await Bun.sleep(1);
    else {
      program.kill();
      throw new Error(`${argv[0]} wrote only ${sizeOf(folder)} of ${bytes} bytes`);
    }
  }
  const ended = Date.now();
  program.kill("SIGTERM");
  await program.exited;
  return ended - statSync(join(folder, "begun")).mtimeMs;
}

const wholeLines = (folder: string): number =>
  logs(folder).reduce((sum, path) => sum + (readFileSync(path, "latin1").match(/^\d+ x+$/gm)?.length ?? 0), 0);

/**
 * Milliseconds to carry every line into a log file, by the daemon (as configured by default: rotated at 50 MB) and by the
 * baseline (one file), alternating.
 *
 * @throws if the daemon's files hold fewer or torn lines.
 */
export async function measureFileLines(options: LinesOptions): Promise<{ ours: number[]; bare: number[] }> {
  const { writers, lines, rounds } = options;
  const folder = mkdtempSync(join(tmpdir(), "gaffer-bench-files-"));
  try {
    // The writer must not be what is slow: cat of a ready file.
    const text = join(folder, "lines.txt");
    writeFileSync(text, Array.from({ length: lines }, (_, n) => `${n} `.padEnd(LINE_BYTES - 1, "x") + "\n").join(""));
    const script = join(folder, "write.sh");
    writeFileSync(script, `[ -e "$1/begun" ] || mkdir "$1/begun" 2>/dev/null\nexec cat "${text}"\n`);
    const bytes = writers * lines * LINE_BYTES;
    const figures = { ours: [] as number[], bare: [] as number[] };
    for (let round = 0; round < rounds; round++) {
      const bare = join(folder, `bare${round}`);
      mkdirSync(bare);
      const copy = [options.bare, String(writers), join(bare, "out"), "sh", script, bare];
      figures.bare.push(await time({ folder: bare, argv: copy, bytes }));
      rmSync(bare, { recursive: true });
      const ours = join(folder, `ours${round}`);
      mkdirSync(ours);
      writeFileSync(
        join(ours, "gaffer.ini"),
        `[process:p]\ncmd = sh ${script} ${ours}\nnumprocesses = ${writers}\nrestart = never\nlogfile = ${ours}/out\n`,
      );
      const own = ["--bind", `unix:${ours}/socket`, "--state-dir", join(ours, "state"), "--log-level", "warning"];
      figures.ours.push(await time({ folder: ours, argv: [options.gaffer, "daemon", "-c", ours, ...own], bytes }));
      const whole = wholeLines(ours);
      if (whole !== writers * lines) throw new Error(`${whole} of ${writers * lines} lines whole`);
      rmSync(ours, { recursive: true });
    }
    return figures;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
