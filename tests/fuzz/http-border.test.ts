import { expect, setDefaultTimeout, test } from "bun:test";
import { RawConnection } from "../support/raw-connection.ts";
import { RunningDaemon } from "../support/running-daemon.ts";
import { SeededRandom } from "../support/seeded-random.ts";

setDefaultTimeout(90_000);

const ROUNDS = 1200;
const methods = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "BREW", "get", ""];
const parts = [
  "",
  "jobs",
  "sessions",
  "streams",
  "events",
  "pids",
  "1",
  "s",
  "a",
  "state",
  "signal",
  "commit",
  "stats",
];
parts.push("numprocesses", "stdin", "stdout", "%", "%00", "%2F", "..", "a%20b", "é", "\0", "9".repeat(30), "__proto__");
const queries = [
  "",
  "?",
  "?wait=0",
  "?wait=x",
  "?full=1",
  "?since=0",
  "?since=-",
  "?feed=longpoll",
  "?heartbeat=0.1",
  "?%",
];
const bodies = [
  "",
  "{}",
  "[]",
  "null",
  "1",
  '"="',
  '{"scale":"+1"}',
  '{"signal":"CONT"}',
  '{"jobs":[]}',
  "{",
  "\xff\0",
];
bodies.push('{"name":"x","cmd":"true","start":false}', '{"__proto__":1}', "[".repeat(3000), "x".repeat(70_000));
const fields = [
  "Host: localhost",
  "Host: evil",
  "Host: ",
  "Host",
  "Connection: close",
  "Origin: null",
  "Expect: 100-continue",
];
fields.push("Content-Length: -1", "Content-Length: 99999", "Transfer-Encoding: chunked", "Transfer-Encoding: x", ": x");
fields.push("Upgrade: websocket", "Last-Event-ID: x", `X: ${"y".repeat(9000)}`, "A\0B: c", "Content-Encoding: gzip");

function request(random: SeededRandom): string {
  const path = `/${random.several(4, () => random.pick(parts)).join("/")}${random.pick(queries)}`;
  const body = random.pick(bodies);
  const own = random.below(4) === 0 ? [] : ["Host: localhost", `Content-Length: ${Buffer.byteLength(body, "latin1")}`];
  const lines = [...own, ...random.several(3, () => random.pick(fields))];
  const version = random.below(10) === 0 ? random.pick(["HTTP/1.0", "HTTP/9", "", "HTTP/2.0"]) : "HTTP/1.1";
  const whole = [`${random.pick(methods)} ${path} ${version}`, ...lines, "", body].join("\r\n");
  // Some are cut off, and in some a byte is another.
  if (random.below(8) === 0) return whole.slice(0, random.below(whole.length));
  if (random.below(8) > 0) return whole;
  const at = random.below(whole.length);
  return `${whole.slice(0, at)}${String.fromCharCode(random.below(256))}${whole.slice(at + 1)}`;
}

/** One connection: several requests after one another, then it goes in one of the ways there are. */
async function visit(port: number, random: SeededRandom): Promise<void> {
  const connection = await RawConnection.open(port);
  for (const text of [request(random), ...random.several(2, () => request(random))]) {
    connection.send(Buffer.from(text, "latin1"));
    if (random.below(3) === 0) await Bun.sleep(0);
  }
  if (random.below(3) === 0) connection.shutdown();
  if (random.below(2) === 0) await Bun.sleep(random.below(20));
  connection.close();
}

test("whatever comes over its socket, the daemon lives, answers, and meets no bug", async () => {
  const seed = Number(process.env["GAFFER_FUZZ_SEED"] ?? Date.now() % 1_000_000_000);
  const random = new SeededRandom(seed);
  await using daemon = await RunningDaemon.start();
  await daemon.request("POST /jobs/s", { name: "a", cmd: "sleep 1000" });
  for (let round = 0; round < ROUNDS / 20; round++) {
    await Promise.all(Array.from({ length: 20 }, () => visit(daemon.port, new SeededRandom(random.below(2 ** 31)))));
    expect([seed, (await daemon.request("GET /ping")).text]).toEqual([seed, "OK"]);
  }
  expect([seed, daemon.gaffer.stderr]).toEqual([seed, expect.not.stringMatching(/ERROR|internal|bug in gaffer/)]);
  expect([seed, (await daemon.stopped()).code]).toEqual([seed, 0]);
});
