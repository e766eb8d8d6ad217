import { expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { ApiDocument } from "../support/api-document.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { RequestNoise } from "../support/request-noise.ts";
import { RunningDaemon } from "../support/running-daemon.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(120_000);

const AT_ONCE = 20;
const WARM_ROUNDS = 20;
const ROUNDS = 60;

/** What a daemon holds. */
interface Held {
  /** And pipes. */
  readonly sockets: number;
  readonly rssMiB: number;
}

/** Whether a descriptor that may be closed meanwhile is a socket or a pipe; others are the runtime's own. */
function isSocket(path: string): boolean {
  try {
    return /^(socket|pipe):/.test(readlinkSync(path));
  } catch {
    return false;
  }
}

const heldBy = (pid: number): Held => ({
  sockets: readdirSync(`/proc/${pid}/fd`).filter((fd) => isSocket(`/proc/${pid}/fd/${fd}`)).length,
  rssMiB: Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]) / 1024,
});

/** Statuses that came over a connection. */
const statusesIn = (got: string): number[] => [...got.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, code]) => Number(code));

/**
 * One connection: requests after one another, some all at once, some byte by byte; then it goes in one of the ways there are.
 *
 * @returns the statuses that came.
 */
async function visit(port: number, noise: RequestNoise, random: SeededRandom): Promise<number[]> {
  const connection = await RawConnection.open(port);
  const requests = [noise.next(), ...random.several(3, () => noise.next())];
  const [first] = requests;
  for (const { text } of requests) {
    const cut = random.below(4) === 0 ? random.below(text.length + 1) : text.length;
    connection.send(Buffer.from(text.slice(0, cut), "latin1"));
    if (random.below(3) === 0 || cut < text.length) await Bun.sleep(0);
    connection.send(Buffer.from(text.slice(cut), "latin1"));
  }
  // What is right is answered, or the connection is ended: nobody waits in vain.
  if (first?.isWhole === true) await connection.answered();
  if (random.below(3) === 0) connection.shutdown();
  if (random.below(2) === 0) await Bun.sleep(random.below(20));
  connection.close();
  return statusesIn(connection.got);
}

/** Takes away whatever the noise has made, and begins anew. */
async function begin(daemon: RunningDaemon): Promise<void> {
  const { json } = await daemon.request("GET /sessions");
  for (const session of Object(json).sessions) await daemon.request(`DELETE /sessions/${session}?wait=20`);
  const hooks = await daemon.request("GET /webhooks");
  for (const { event, url } of Object(hooks.json).webhooks) {
    await daemon.request(`DELETE /webhooks?${new URLSearchParams({ event, url }).toString()}`);
  }
}

const loadJob = (daemon: RunningDaemon): Promise<unknown> =>
  daemon.request("POST /jobs/s", { name: "a", cmd: "cat", redirect_input: true, custom_streams: ["aux"] });

test("whatever comes over its socket, the daemon lives, answers, meets no bug, and holds nothing of it", async () => {
  const seed = Number(process.env["GAFFER_FUZZ_SEED"] ?? Date.now() % 1_000_000_000);
  const random = new SeededRandom(seed);
  await using daemon = await RunningDaemon.start();
  const api = new ApiDocument((await daemon.request("GET /openapi.json")).text);
  const { pid } = daemon.gaffer.child;
  const round = async (): Promise<void> => {
    const visits = Array.from({ length: AT_ONCE }, () => {
      const own = new SeededRandom(random.below(2 ** 31));
      return visit(daemon.port, new RequestNoise(own, api), own);
    });
    const statuses = (await Promise.all(visits)).flat();
    expect([seed, statuses.filter((status) => status === 500)]).toEqual([seed, []]);
    expect([seed, (await daemon.request("GET /ping")).text]).toEqual([seed, "OK"]);
  };
  const rounds = async (count: number): Promise<Held> => {
    for (let at = 0; at < count; at++) {
      // What it asks for is there, unless it was taken away already.
      await loadJob(daemon);
      await round();
    }
    await begin(daemon);
    return heldBy(pid);
  };
  const before = await rounds(WARM_ROUNDS);
  let after = await rounds(ROUNDS);
  await waitFor(
    () => (after = heldBy(pid)).sockets <= before.sockets,
    () => `seed ${seed}: its sockets back, ${JSON.stringify([before, after])}`,
  );
  // Three times as much noise as before: what it kept of each request would be seen.
  expect([seed, after.rssMiB - before.rssMiB < MOST_MORE_MIB, before, after]).toEqual([seed, true, before, after]);
  expect([seed, daemon.gaffer.stderr]).toEqual([seed, expect.not.stringMatching(/ERROR|internal|bug in gaffer/)]);
  expect([seed, (await daemon.stopped()).code]).toEqual([seed, 0]);
});

/** What the collector may not have come to yet. 1200 connections with bodies of up to 70 kB and heads of 200 kB are 80 MB and more. */
const MOST_MORE_MIB = 32;
