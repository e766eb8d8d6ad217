import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { DaemonRun } from "./daemon-run.ts";

const REQUESTS = 20_000;
const PATH = "/jobs/default/web";

/** Requests a second, and what each costs the server in microseconds of a processor. */
export interface RateFigures {
  readonly perSecond: number[];
  readonly cpuUs: number[];
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Processor time of a process so far, in microseconds. @see proc(5) */
function cpuUsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

/** One round of the load, from a process of its own. */
async function load(port: number, pid: number, figures: RateFigures): Promise<void> {
  const before = cpuUsOf(pid);
  const argv = [process.execPath, join(import.meta.dir, "http-load.ts"), "127.0.0.1", `${port}`, PATH, `${REQUESTS}`];
  const child = Bun.spawn(argv, { stdio: ["ignore", "pipe", "inherit"] });
  const { ms }: { ms: number } = JSON.parse(await child.stdout.text());
  figures.perSecond.push((REQUESTS / ms) * 1000);
  figures.cpuUs.push((cpuUsOf(pid) - before) / REQUESTS);
}

/** `GET /jobs/S/N` over TCP with 16 kept connections, beside a bare server that answers a constant of the same size. */
export async function measureRate(
  gaffer: string,
  bare: string,
  rounds: number,
): Promise<{ readonly ours: RateFigures; readonly bare: RateFigures }> {
  const port = await freePort();
  await using daemon = new DaemonRun(gaffer, "[process:web]\ncmd = sleep 100000\n", `127.0.0.1:${port}`);
  const body = await daemon.ask(PATH);
  const child = Bun.spawn([bare, body], { stdio: ["ignore", "pipe", "inherit"] });
  const [first = ""] = await child.stdout[Symbol.asyncIterator]()
    .next()
    .then(({ value }) => [String(Buffer.from(value ?? []))]);
  const figures = { ours: { perSecond: [], cpuUs: [] }, bare: { perSecond: [], cpuUs: [] } };
  for (let round = 0; round <= rounds; round++) {
    // The first is to warm both up.
    const into = round === 0 ? { ours: { perSecond: [], cpuUs: [] }, bare: { perSecond: [], cpuUs: [] } } : figures;
    await load(Number(first), child.pid, into.bare);
    await load(port, daemon.pid, into.ours);
  }
  child.kill();
  await child.exited;
  return figures;
}
