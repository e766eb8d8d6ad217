/**
 * Measures lines through the console: 1 child × 1 000 000 lines of 100 bytes and 50 × 20 000, into a file and into a
 * pipe, prefixed line by line, beside a compiled Bun program that only copies the bytes. Every line is verified.
 * Usage: `bun scripts/bench/lines.ts [rounds]`.
 */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const LINES = 1_000_000;
const BUDGET = 1.6;
const rounds = Number(process.argv[2] ?? 5);
const dir = mkdtempSync(join(tmpdir(), "gaffer-bench-"));

/** `000…042 xxxx…`: 100 bytes that tell their place. */
function writeLines(name: string, count: number): string {
  const lines = Array.from({ length: count }, (_, n) => `${String(n).padStart(9, "0")} ${"x".repeat(89)}\n`);
  const path = join(dir, name);
  writeFileSync(path, lines.join(""));
  return path;
}

async function compile(name: string): Promise<string> {
  const outfile = join(dir, name);
  const built = await Bun.build({
    entrypoints: [join(import.meta.dir, `${name}.ts`)],
    compile: { outfile, autoloadDotenv: false, autoloadBunfig: false },
    minify: true,
    bytecode: true,
    format: "esm",
  });
  if (!built.success) throw new Error(built.logs.map((log) => log.message).join("\n"));
  return outfile;
}

interface Run {
  readonly program: string;
  readonly children: number;
  readonly input: string;
  readonly into: "file" | "pipe";
}

/** One run; gives milliseconds, and the number of lines that came out whole. */
async function measure({ program, children, input, into }: Run): Promise<{ ms: number; lines: number }> {
  const out = join(dir, "out");
  const fd = openSync(out, "w");
  const argv = [program, String(children), input];
  const began = performance.now();
  const run =
    into === "file"
      ? Bun.spawn(argv, { stdio: ["ignore", fd, "inherit"] })
      : Bun.spawn(["sh", "-c", '"$0" "$@" | wc -l', ...argv], { stdio: ["ignore", fd, "inherit"] });
  await run.exited;
  const ms = performance.now() - began;
  closeSync(fd);
  return { ms, lines: into === "pipe" ? Number(readFileSync(out, "latin1")) : countWhole(out) };
}

/** Lines of a file that end as they were written; a torn or mixed one does not count. */
function countWhole(path: string): number {
  const text = readFileSync(path, "latin1");
  return text.match(/\d{9} x{89}$/gm)?.length ?? 0;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** Runs both programs in turns and prints their medians. @throws when a line got lost or was torn. */
async function compare(children: number, into: "file" | "pipe"): Promise<void> {
  const input = writeLines(`lines-${children}`, LINES / children);
  const times = { bare: [] as number[], console: [] as number[] };
  for (let round = 0; round < rounds * 2; round++) {
    const name = round % 2 === 0 ? "bare" : "console";
    const { ms, lines } = await measure({ program: programs[name], children, input, into });
    times[name].push(ms);
    // The bare program mixes the lines of several children; only their number is right.
    if (lines !== LINES && (name === "console" || children === 1)) {
      throw new Error(`${name}: ${lines} of ${LINES} lines came out whole`);
    }
  }
  const [bare, ours] = [median(times.bare), median(times.console)];
  const title = `${children} × ${LINES / children} lines into a ${into}`.padEnd(34);
  const verdict = ours / bare <= BUDGET ? `within ${BUDGET}` : `OVER ${BUDGET}`;
  const ratio = (ours / bare).toFixed(2);
  console.log(
    `${title} ${ours.toFixed(0).padStart(5)} ms   bare ${bare.toFixed(0).padStart(5)} ms   ratio ${ratio}   ${verdict}`,
  );
}

const programs = { bare: await compile("lines-bare"), console: await compile("lines-console") };
try {
  for (const children of [1, 50]) for (const into of ["file", "pipe"] as const) await compare(children, into);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
