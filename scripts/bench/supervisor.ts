import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { childrenNamed, childrenOf, pssMiB, ranMs, threadTimes } from "./children-of.ts";

/** One program under measurement: gaffer or the bare baseline, keeping `count` processes alive. */
export interface Contender {
  readonly name: "start" | "daemon" | "bare";
  /** Command that keeps `count` silent processes. */
  argv(count: number): string[];
}

const scratch = mkdtempSync(join(tmpdir(), "gaffer-bench-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }));
writeFileSync(join(scratch, "Procfile"), "p: sleep 100000\n");

/** A daemon of its own: it listens on a socket in its folder and shares nothing with any other. */
function daemonArgv(gaffer: string, count: number): string[] {
  const config = join(scratch, "gaffer.ini");
  const bind = `unix:${join(scratch, "gaffer.sock")}`;
  writeFileSync(config, `[gaffer]\nbind = ${bind}\n\n[process:p]\ncmd = sleep 100000\nnumprocesses = ${count}\n`);
  return [gaffer, "daemon", "-c", config, "--state-dir", join(scratch, "state")];
}

/** gaffer in the foreground, as a daemon, and their baseline, all compiled. */
export function contenders(gaffer: string, bare: string): Readonly<Record<Contender["name"], Contender>> {
  return {
    start: { name: "start", argv: (count) => [gaffer, "start", "-d", scratch, "-c", `p=${count}`] },
    daemon: { name: "daemon", argv: (count) => daemonArgv(gaffer, count) },
    bare: { name: "bare", argv: (count) => [bare, String(count), "sleep", "100000"] },
  };
}

/** What one run of a contender with `count` processes showed; times in milliseconds, memory in MiB. */
export interface Figures {
  readonly spawnMs: number;
  readonly pssMiB: number;
  readonly idleCpuMsPerS: number;
  readonly stopMs: number;
}

const settle = (ms: number): Promise<void> => Bun.sleep(ms);

async function until(program: Bun.Subprocess, done: () => boolean): Promise<number> {
  while (!done()) {
    if (program.exitCode !== null) throw new Error(`ended with ${program.exitCode} before it could be measured`);
    await Bun.sleep(1);
  }
  return performance.now();
}

function launch(contender: Contender, count: number): Bun.Subprocess {
  return Bun.spawn(contender.argv(count), { stdio: ["ignore", "ignore", "ignore"], env: process.env });
}

/** From the command to `count` running, their memory, what they cost idle, and from SIGTERM to the last death. */
export async function measureLife(contender: Contender, count: number): Promise<Figures> {
  const started = performance.now();
  const program = launch(contender, count);
  // Counting names costs more than counting children: look closely only when all might be there.
  await until(program, () => childrenOf(program.pid).length >= count);
  const running = await until(program, () => childrenNamed(program.pid, "sleep").length >= count);
  await settle(2000);
  const pss = pssMiB(program.pid);
  await settle(5000);
  const before = threadTimes(program.pid);
  await settle(10_000);
  const idleCpuMsPerS = ranMs(before, threadTimes(program.pid)) / 10;
  const told = performance.now();
  program.kill("SIGTERM");
  const stopped = await lastDeath(program);
  await program.exited;
  return { spawnMs: running - started, pssMiB: pss, idleCpuMsPerS, stopMs: stopped - told };
}

async function lastDeath(program: Bun.Subprocess): Promise<number> {
  while (childrenOf(program.pid).length > 0) await Bun.sleep(1);
  return performance.now();
}

/** Median time from SIGKILL of a process that lived over 10 s to its replacement running, in milliseconds. */
export async function measureRestart(contender: Contender, count: number, kills: number): Promise<number> {
  const program = launch(contender, count);
  await until(program, () => childrenNamed(program.pid, "sleep").length >= count);
  await settle(10_500);
  const victims = childrenNamed(program.pid, "sleep").slice(0, kills);
  const times: number[] = [];
  for (const victim of victims) {
    const known = new Set(childrenOf(program.pid));
    const told = performance.now();
    process.kill(victim, "SIGKILL");
    // A busy look: the answer is a fraction of a millisecond.
    while (childrenOf(program.pid).every((pid) => known.has(pid)));
    times.push(performance.now() - told);
    await settle(20);
  }
  program.kill("SIGTERM");
  await program.exited;
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
}
