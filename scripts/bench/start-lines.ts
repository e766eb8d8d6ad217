import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What to run: so many writers of so many lines of 100 bytes each, through both programs. */
export interface LinesOptions {
  readonly gaffer: string;
  /** The compiled `bare-lines`. */
  readonly bare: string;
  readonly writers: number;
  readonly lines: number;
  readonly rounds: number;
}

const countLines = (path: string): number => {
  const bytes = readFileSync(path);
  let count = 0;
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) count++;
  return count;
};

async function time(argv: readonly string[], out: string): Promise<number> {
  const fd = openSync(out, "w");
  const started = performance.now();
  const program = Bun.spawn([...argv], { stdio: ["ignore", fd, "ignore"], env: process.env });
  await program.exited;
  closeSync(fd);
  return performance.now() - started;
}

/**
 * Milliseconds to carry every line to a file, by gaffer (prefixed) and by the baseline (as they are), alternating.
 *
 * @throws if gaffer's file holds fewer or torn lines.
 */
export async function measureLines(options: LinesOptions): Promise<{ ours: number[]; bare: number[] }> {
  const { writers, lines, rounds } = options;
  const folder = mkdtempSync(join(tmpdir(), "gaffer-bench-lines-"));
  try {
    // The writer must not be what is slow: cat of a ready file.
    const text = join(folder, "lines.txt");
    writeFileSync(text, Array.from({ length: lines }, (_, n) => `${n} `.padEnd(99, "x") + "\n").join(""));
    writeFileSync(join(folder, "Procfile"), `p: cat ${text}\n`);
    const gaffer = [options.gaffer, "start", "-d", folder, "-c", `p=${writers}`, "--no-restart"];
    const bare = [options.bare, String(writers), "cat", text];
    const out = join(folder, "out.txt");
    const figures = { ours: [] as number[], bare: [] as number[] };
    for (let round = 0; round < rounds; round++) {
      figures.bare.push(await time(bare, out));
      figures.ours.push(await time(gaffer, out));
      const whole = readFileSync(out, "latin1").match(/ \| \d+ x+$/gm)?.length ?? 0;
      if (whole !== writers * lines)
        throw new Error(`${whole} of ${writers * lines} lines whole, ${countLines(out)} in all`);
    }
    return figures;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
