/**
 * What gaffer adds to a bare Bun program that only spawns, reads and respawns: each figure beside that baseline, taken in the
 * same run, and their ratio beside the budget. `npm run bench [-- --rounds N]`; needs `dist/gaffer`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { measureFileLines } from "./file-lines.ts";
import { measureRates, type Rate } from "./http-rate.ts";
import { measureStatus } from "./ctl-status.ts";
import { measureLongLife } from "./long-life.ts";
import { measureLines } from "./start-lines.ts";
import { type Contender, contenders, type Figures, measureLife, measureRestart } from "./supervisor.ts";

const root = join(import.meta.dir, "..", "..");
const gaffer = join(root, "dist", "gaffer");
const { values } = parseArgs({ options: { rounds: { type: "string", default: "3" } } });
const rounds = Number(values.rounds);

const scratch = mkdtempSync(join(tmpdir(), "gaffer-bench-bare-"));

async function compile(name: string): Promise<string> {
  const outfile = join(scratch, name);
  const entry = join(import.meta.dir, `${name}.ts`);
  const compileOptions = { outfile, autoloadDotenv: false, autoloadBunfig: false };
  await Bun.build({ entrypoints: [entry], minify: true, bytecode: true, format: "esm", compile: compileOptions });
  return outfile;
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

function row(
  what: string,
  budget: string,
  figures: { ours: readonly number[]; bare: readonly number[]; unit: string },
): void {
  const [ours, bare] = [median(figures.ours), median(figures.bare)];
  const shown = (value: number): string => `${value.toFixed(value < 10 ? 2 : 0)} ${figures.unit}`;
  const cells = [
    what.padEnd(46),
    shown(ours).padStart(10),
    shown(bare).padStart(10),
    (ours / bare).toFixed(2).padStart(6),
    budget,
  ];
  console.log(cells.join(" | "));
}

const all = contenders(gaffer, await compile("bare"));
const bareLines = await compile("bare-lines");
const bareFile = await compile("bare-file");

console.log(
  `${"median of".padEnd(10)} ${rounds} rounds, alternating`.padEnd(46),
  "|     gaffer |       bare |  ratio | budget",
);

interface Measured {
  readonly lives: Figures[];
  readonly restarts: number[];
}

const names = ["bare", "start", "daemon"] as const;
const measured: Record<Contender["name"], Measured> = {
  bare: { lives: [], restarts: [] },
  start: { lives: [], restarts: [] },
  daemon: { lives: [], restarts: [] },
};
for (let round = 0; round < rounds; round++) {
  for (const name of names) measured[name].lives.push(await measureLife(all[name], 1000));
  for (const name of names) measured[name].restarts.push(await measureRestart(all[name], 500, 51));
}
for (const name of ["start", "daemon"] as const) {
  const life = (figure: keyof Figures, unit: string): { ours: number[]; bare: number[]; unit: string } => ({
    ours: measured[name].lives.map((figures) => figures[figure]),
    bare: measured.bare.lives.map((figures) => figures[figure]),
    unit,
  });
  const restarts = { ours: measured[name].restarts, bare: measured.bare.restarts, unit: "ms" };
  row(`${name}: command to 1000 running, captured`, "≤ 1.2", life("spawnMs", "ms"));
  row(`${name}: SIGKILL to replacement, 500 managed`, "≤ 1.2", restarts);
  row(`${name}: stop of 1000, to the last death`, "≤ 1.3", life("stopMs", "ms"));
  row(`${name}: memory with 1000 silent (PSS)`, "≤ 48 MiB", life("pssMiB", "MiB"));
  row(`${name}: idle CPU a second, 1000 silent`, name === "daemon" ? "≤ 0.5 ms" : "", life("idleCpuMsPerS", "ms"));
}
const floods = [
  { writers: 1, lines: 1_000_000 },
  { writers: 50, lines: 20_000 },
] as const;
for (const { writers, lines } of floods) {
  const figures = await measureFileLines({ gaffer, bare: bareFile, writers, lines, rounds });
  row(`${writers} × ${lines} lines to a log file of the daemon`, "≤ 1.2", { ...figures, unit: "ms" });
}
for (const { writers, lines } of floods) {
  const figures = await measureLines({ gaffer, bare: bareLines, writers, lines, rounds });
  row(`${writers} × ${lines} lines through gaffer start`, "≤ 1.6", { ...figures, unit: "ms" });
}

row("gaffer ctl status, 100 jobs", "≤ 3", {
  ...(await measureStatus(gaffer, await compile("hello"), 7 * rounds)),
  unit: "ms",
});
const rates = await measureRates(gaffer, await compile("bare-http"), rounds);
const [requests, cpu] = [({ perSecond }: Rate) => perSecond, ({ cpuUs }: Rate) => cpuUs];
for (const [over, ours] of [
  ["TCP", rates.ours],
  ["a unix socket", rates.unix],
] as const) {
  row(`GET /jobs/S/N over ${over}`, "≥ 0.5", { ours: ours.map(requests), bare: rates.bare.map(requests), unit: "/s" });
  row(`GET /jobs/S/N over ${over}, CPU a request`, "", { ours: ours.map(cpu), bare: rates.bare.map(cpu), unit: "µs" });
}
const [atRest, after, later] = await measureLongLife(gaffer);
console.log(
  `memory with 1000 silent: ${atRest.toFixed(0)} MiB at rest, ${after.toFixed(0)} after 10 000 restarts and 1 GiB of output, ` +
    `${later.toFixed(0)} after as much again (≤ 32 + 10 % more, then flat)`,
);

rmSync(scratch, { recursive: true });
