/**
 * Requests per second of `GET /jobs/S/N`, beside a server that answers a constant of the same size.
 * `bun scripts/bench/http-rate.ts [--rounds N]` by itself; needs `dist/gaffer`.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What one contender did. */
export interface Rate {
  readonly perSecond: number;
  /** Processor time that it took for each, in microseconds. */
  readonly cpuUs: number;
}

/** Rates of each round. */
export interface Rates {
  readonly ours: Rate[];
  readonly unix: Rate[];
  readonly bare: Rate[];
}

const CONNECTIONS = 16;
const MEASURE_MS = 2000;
const PATH = "/jobs/bench/job";
/** Ticks of /proc/PID/stat. @see proc(5) */
const TICKS_PER_SECOND = 100;

/** Processor time of a program and its threads so far, in seconds. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** A server to measure. */
class Contender implements AsyncDisposable {
  readonly #child: Bun.Subprocess<"ignore", "pipe", "pipe">;
  #said = "";

  constructor(argv: readonly string[]) {
    this.#child = Bun.spawn([...argv], { stdio: ["ignore", "pipe", "pipe"], env: process.env });
    void this.#read(this.#child.stdout);
    void this.#read(this.#child.stderr);
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const chunk of stream) this.#said += new TextDecoder().decode(chunk);
  }

  /** Waits until it says on which port it listens. */
  async port(pattern: RegExp): Promise<string> {
    for (;;) {
      const port = pattern.exec(this.#said)?.[1];
      if (port !== undefined) return port;
      if (this.#child.exitCode !== null) throw new Error(this.#said);
      await Bun.sleep(5);
    }
  }

  async rate(target: string, path: string): Promise<Rate> {
    const { pid } = this.#child;
    const script = join(import.meta.dir, "http-load.ts");
    const argv = [process.execPath, script, target, path, String(CONNECTIONS), String(MEASURE_MS)];
    const load = Bun.spawn(argv, { stdio: ["ignore", "pipe", "inherit"] });
    // Its first half second, which is not counted, is over.
    await Bun.sleep(1000);
    const [before, started] = [cpuSeconds(pid), performance.now()];
    await Bun.sleep(1000);
    const [cpu, seconds] = [cpuSeconds(pid) - before, (performance.now() - started) / 1000];
    const perSecond = Number(await load.stdout.text());
    return { perSecond, cpuUs: (cpu / seconds / perSecond) * 1e6 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.exited;
  }
}

/** Measures in turn. @param bare - the compiled baseline */
export async function measureRates(gaffer: string, bare: string, rounds: number): Promise<Rates> {
  const folder = mkdtempSync(join(tmpdir(), "gaffer-bench-http-"));
  const [config, socket] = [join(folder, "g.ini"), join(folder, "g.sock")];
  writeFileSync(config, `[gaffer]\nbind = 127.0.0.1:0 unix:${socket}\n\n[process:bench:job]\ncmd = sleep 100000\n`);
  const rates: Rates = { ours: [], unix: [], bare: [] };
  try {
    await using daemon = new Contender([gaffer, "daemon", "-c", config, "--state-dir", join(folder, "state")]);
    const port = await daemon.port(/listening on 127\.0\.0\.1:(\d+)/);
    await daemon.port(/(listening on unix)/);
    const body = await (await fetch(`http://127.0.0.1:${port}${PATH}`)).text();
    await using constant = new Contender([bare, String(body.length)]);
    const barePort = await constant.port(/^(\d+)\n/);
    for (let round = 0; round < rounds; round++) {
      rates.bare.push(await constant.rate(barePort, "/"));
      rates.ours.push(await daemon.rate(port, PATH));
      rates.unix.push(await daemon.rate(socket, PATH));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return rates;
}
