import { DaemonRun } from "./daemon-run.ts";

const JOBS = 100;

async function time(argv: readonly string[], env: Record<string, string>): Promise<number> {
  const started = performance.now();
  const program = Bun.spawn([...argv], { stdio: ["ignore", "pipe", "ignore"], env: { ...process.env, ...env } });
  const said = await new Response(program.stdout).text();
  await program.exited;
  if (said === "") throw new Error(`${argv.join(" ")} said nothing`);
  return performance.now() - started;
}

/** Milliseconds of `gaffer ctl status` beside a compiled hello, with 100 jobs that run. */
export async function measureStatus(
  gaffer: string,
  hello: string,
  runs: number,
): Promise<{ ours: number[]; bare: number[] }> {
  const jobs = Array.from({ length: JOBS }, (_, n) => `[process:job${n}]\ncmd = sleep 100000\n`);
  await using daemon = new DaemonRun(gaffer, jobs.join("\n"));
  await daemon.ask("/jobs");
  const figures = { ours: [] as number[], bare: [] as number[] };
  for (let run = 0; run < runs; run++) {
    figures.bare.push(await time([hello], {}));
    figures.ours.push(await time([gaffer, "ctl", "status"], { GAFFER_ENDPOINT: `unix:${daemon.socket}` }));
  }
  return figures;
}
