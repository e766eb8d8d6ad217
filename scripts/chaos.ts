/**
 * SIGKILLs random children of a `gaffer start` with 100 processes, or of a daemon with 100 jobs, then looks whether every slot holds
 * exactly one again. `bun scripts/chaos.ts [--seconds 60] [--processes 100] [--daemon]`
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { childrenNamed } from "./bench/children-of.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    processes: { type: "string", default: "100" },
    daemon: { type: "boolean", default: false },
  },
});
const count = Number(values.processes);
const gaffer = join(import.meta.dir, "..", "dist", "gaffer");
const folder = mkdtempSync(join(tmpdir(), "gaffer-chaos-"));
writeFileSync(join(folder, "Procfile"), "p: sleep 100000\n");

/** One job of many processes, or as many jobs; either way each slot is told its name in PS. */
function command(): string[] {
  if (!values.daemon) return [gaffer, "start", "-d", folder, "-c", `p=${count}`];
  const config = join(folder, "gaffer.ini");
  const jobs = Array.from({ length: count }, (_, n) => `[process:job${n}]\ncmd = sleep 100000\n`);
  writeFileSync(config, `[gaffer]\nbind = unix:${join(folder, "gaffer.sock")}\n\n${jobs.join("\n")}`);
  return [gaffer, "daemon", "-v", "-c", config, "--state-dir", join(folder, "state")];
}

const program = Bun.spawn(command(), {
  stdio: ["ignore", "pipe", "inherit"],
  env: process.env,
});
const said = new Response(program.stdout).text();

/** `PS` of each living child: which slot it is in. */
function slots(): string[] {
  return childrenNamed(program.pid, "sleep").flatMap((pid) => {
    try {
      return /(?:^|\0)PS=([^\0]*)/.exec(readFileSync(`/proc/${pid}/environ`, "latin1"))?.[1] ?? [];
    } catch {
      return [];
    }
  });
}

const full = (): boolean => {
  const held = slots();
  if (new Set(held).size < held.length) throw new Error(`a slot holds two processes: ${held.toSorted().join(" ")}`);
  return held.length === count;
};

while (!full()) await Bun.sleep(10);
let kills = 0;
for (const end = Date.now() + Number(values.seconds) * 1000; Date.now() < end; await Bun.sleep(40)) {
  const alive = childrenNamed(program.pid, "sleep");
  const victim = alive[Math.floor(Math.random() * alive.length)];
  if (victim !== undefined) {
    process.kill(victim, "SIGKILL");
    kills++;
  }
  full();
}
console.log(`${kills} kills; ${slots().length} of ${count} running at once after them`);
const waited = Date.now();
while (!full()) await Bun.sleep(50);
console.log(`all ${count} slots hold exactly one process ${((Date.now() - waited) / 1000).toFixed(1)} s later`);

program.kill("SIGTERM");
console.log(`stopped with code ${await program.exited}`);
const text = await said;
const told = (what: RegExp): number => text.match(what)?.length ?? 0;
console.log(`told: ${told(/\| started with pid/g)} starts, ${told(/\| killed by SIGKILL/g)} deaths by SIGKILL`);
rmSync(folder, { recursive: true });
