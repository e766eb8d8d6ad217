import { createServer } from "node:net";
import { join } from "node:path";
import { pssMiB } from "./children-of.ts";
import { DaemonRun } from "./daemon-run.ts";

const READERS = 1000;
const STUCK = 10;
/** Events that are measured, and the pause between them in milliseconds. */
const EVENTS = 200;
const PAUSE_MS = 25;
/** Commands that fill the stuck up: each makes an event of some 200 bytes, and the kernel takes 4 MiB by itself. */
const FILL = 40_000;

/** How long events take to their readers, in milliseconds. */
export interface FanoutFigures {
  readonly p50: number;
  /** Of all deliveries. */
  readonly p99: number;
  /** Of the event that took longest. */
  readonly worst: number;
}

/** The clients, in their own process. */
class Crowd implements AsyncDisposable {
  readonly #child: Bun.Subprocess<"pipe", "pipe", "inherit">;
  readonly #lines: AsyncIterator<string>;

  constructor(port: number, readers: number, stuck: number) {
    const argv = [process.execPath, join(import.meta.dir, "websocket-crowd.ts"), ...[port, readers, stuck].map(String)];
    this.#child = Bun.spawn(argv, { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = linesOf(this.#child.stdout);
  }

  async do(what: "open" | "subscribe" | "report" | "wake"): Promise<Record<string, unknown>> {
    void this.#child.stdin.write(`${what}\n`);
    void this.#child.stdin.flush();
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error(`the crowd ended at ${what}`);
    return JSON.parse(value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  return undefined;
}

const figuresOf = ({ deliveries, p50, p99, worst }: Record<string, unknown>): FanoutFigures => {
  if (deliveries !== READERS * EVENTS) throw new Error(`${String(deliveries)} deliveries, not ${READERS * EVENTS}`);
  return { p50: Number(p50), p99: Number(p99), worst: Number(worst) };
};

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** What came of it, the daemon's memory in MiB with it. */
export interface FanoutResult {
  readonly ours: FanoutFigures;
  readonly bare: FanoutFigures;
  /** With nobody connected; with all; with the stuck full and all events told. */
  readonly memoryMiB: readonly [before: number, open: number, after: number];
  /** Codes the stuck were closed with, and what they had been sent until then. */
  readonly stuck: { readonly codes: unknown; readonly bytes: unknown };
}

/** One event to 1000 websockets, 10 of which have stopped reading; beside a server that only publishes. */
export async function measureFanout(gaffer: string): Promise<FanoutResult> {
  return { bare: await measureBare(), ...(await measureOurs(gaffer)) };
}

async function measureBare(): Promise<FanoutFigures> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "bare-fanout.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const { value = "" } = await linesOf(child.stdout).next();
    const port = Number(value);
    await using crowd = new Crowd(port, READERS, 0);
    await crowd.do("open");
    await crowd.do("subscribe");
    await Bun.sleep(1000);
    for (let at = 0; at < EVENTS; at++) {
      await fetch(`http://127.0.0.1:${port}/`, { method: "POST" });
      await Bun.sleep(PAUSE_MS);
    }
    await Bun.sleep(1000);
    return figuresOf(await crowd.do("report"));
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
}

async function measureOurs(gaffer: string): Promise<Omit<FanoutResult, "bare">> {
  const port = await freePort();
  const job = "[process:a]\ncmd = sleep 1\nnumprocesses = 0\n";
  await using daemon = new DaemonRun(gaffer, job, `127.0.0.1:${port}`);
  // A reload is one event, whatever came before.
  const reload = (): Promise<string> => daemon.ask("/jobs/default/a/state", { method: "POST", body: "2" });
  await daemon.ask("/ping");
  const before = pssMiB(daemon.pid);
  await using crowd = new Crowd(port, READERS, STUCK);
  await crowd.do("open");
  for (let at = 0; at < FILL; at += 100) {
    await Promise.all(Array.from({ length: 100 }, reload));
  }
  const open = pssMiB(daemon.pid);
  await crowd.do("subscribe");
  await Bun.sleep(1000);
  await crowd.do("report");
  for (let at = 0; at < EVENTS; at++) {
    await reload();
    await Bun.sleep(PAUSE_MS);
  }
  await Bun.sleep(1000);
  const ours = figuresOf(await crowd.do("report"));
  const after = pssMiB(daemon.pid);
  // Longer than a reader may be stuck.
  await Bun.sleep(35_000);
  const { codes, bytes } = await crowd.do("wake");
  return { ours, memoryMiB: [before, open, after], stuck: { codes, bytes } };
}

if (import.meta.main) {
  const { ours, bare, memoryMiB, stuck } = await measureFanout(join(import.meta.dir, "..", "..", "dist", "gaffer"));
  console.log("one event to 1000 websockets, 10 more stuck", { ours, bare, memoryMiB, stuck });
}
