/**
 * Runs a daemon with 200 jobs through what a long life brings: output, crashes, restarts, reloads and log rotation; prints memory and
 * descriptors as they go, and at the end how they changed from the first quarter to the last.
 * `bun scripts/soak.ts [--minutes 20] [--jobs 200]`
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { childrenOf, cpuMs, pssMiB } from "./bench/children-of.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "20" },
    jobs: { type: "string", default: "200" },
    gaffer: { type: "string", default: join(import.meta.dir, "..", "dist", "gaffer") },
  },
});
const count = Number(values.jobs);
const { gaffer } = values;
const folder = mkdtempSync(join(tmpdir(), "gaffer-soak-"));
const unix = join(folder, "gaffer.sock");
const config = join(folder, "gaffer.ini");

writeFileSync(
  join(folder, "talk.py"),
  "import time\nn = 0\nwhile True:\n    n += 1\n    print('line', n, 'of a job that talks and talks and talks')\n    time.sleep(0.02)\n",
);

/** A quarter talks into a rotated file, a quarter crashes now and then, a quarter talks to nobody, the rest is silent. */
const commands = [
  `python3 -u ${join(folder, "talk.py")}`,
  "sh -c 'sleep 3; echo going down; exit 1'",
  `sh -c 'while :; do date; sleep 0.5; done'`,
  "sleep 100000",
] as const;

/** @param round - every second round, one job in ten has another environment: a reload replaces it. */
function writeConfig(round: number): void {
  const jobs = Array.from({ length: count }, (_, n) => {
    const log =
      n % 4 === 0 ? `logfile = ${join(folder, `job-${n}.log`)}\nlogfile_maxbytes = 20k\nlogfile_backups = 3\n` : "";
    const env = n % 10 === round % 10 ? `env:ROUND = ${round}\n` : "";
    return `[process:soak:job${n}]\ncmd = ${commands[n % 4] ?? ""}\ngraceful_timeout = 2\n${log}${env}`;
  });
  writeFileSync(config, `[gaffer]\nbind = unix:${unix}\n\n${jobs.join("\n")}`);
}

interface Sample {
  readonly rssMiB: number;
  readonly pss: number;
  readonly fds: number;
  readonly children: number;
}

writeConfig(0);
const program = Bun.spawn([gaffer, "daemon", "-c", config, "--state-dir", join(folder, "state")], {
  stdio: ["ignore", "ignore", Bun.file(join(folder, "daemon.log"))],
  env: process.env,
});
const ask = (path: string, options: RequestInit = {}): Promise<Response> =>
  fetch(`http://gaffer${path}`, { ...options, unix });

async function scale(job: string, to: string): Promise<void> {
  const response = await ask(`/jobs/soak/${job}/numprocesses`, { method: "POST", body: JSON.stringify({ scale: to }) });
  await response.text();
}

function sample(): Sample {
  const rss = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${program.pid}/status`, "latin1"))?.[1];
  return {
    rssMiB: Number(rss) / 1024,
    pss: pssMiB(program.pid),
    fds: readdirSync(`/proc/${program.pid}/fd`).length,
    children: childrenOf(program.pid).length,
  };
}

while (childrenOf(program.pid).length < count) {
  if (program.exitCode !== null) throw new Error(readFileSync(join(folder, "daemon.log"), "latin1"));
  await Bun.sleep(100);
}
const samples: Sample[] = [];
const [begin, end] = [Date.now(), Date.now() + Number(values.minutes) * 60_000];
for (let round = 1; Date.now() < end; round++) {
  writeConfig(round);
  program.kill("SIGHUP");
  await (await ask(`/jobs/soak/job${(round * 7) % count}/state`, { method: "POST", body: "2" })).text();
  await scale(`job${(round * 3) % count}`, "=2");
  await scale(`job${((round - 1) * 3) % count}`, "=1");
  await (await ask("/jobs?full=1")).text();
  await Bun.sleep(5000);
  samples.push(sample());
  const now = samples.at(-1);
  if (now === undefined || round % 6 !== 0) continue;
  const minutes = ((Date.now() - begin) / 60_000).toFixed(1).padStart(5);
  console.log(
    `${minutes} min | rss ${now.rssMiB.toFixed(1)} MiB | pss ${now.pss.toFixed(1)} MiB | ${now.fds} fds | ${now.children} children | cpu ${(cpuMs(program.pid) / 1000).toFixed(1)} s`,
  );
}

const quarter = Math.max(1, Math.floor(samples.length / 4));
const mean = (part: readonly Sample[], of: keyof Sample): string =>
  (part.reduce((sum, one) => sum + one[of], 0) / part.length).toFixed(1);
const [first, last] = [samples.slice(0, quarter), samples.slice(-quarter)];
for (const of of ["rssMiB", "pss", "fds", "children"] as const) {
  console.log(`${of}: ${mean(first, of)} in the first quarter, ${mean(last, of)} in the last`);
}
program.kill("SIGTERM");
console.log(`stopped with code ${await program.exited}`);
const log = readFileSync(join(folder, "daemon.log"), "latin1");
console.log(
  `log: ${log.match(/\[ERROR\]/g)?.length ?? 0} errors, ${log.match(/reload: /g)?.length ?? 0} lines of reloads`,
);
rmSync(folder, { recursive: true });
