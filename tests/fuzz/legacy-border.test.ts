import { expect, setDefaultTimeout, test } from "bun:test";
import { RunningDaemon } from "../support/running-daemon.ts";
import { SeededRandom } from "../support/seeded-random.ts";

setDefaultTimeout(90_000);

const ROUNDS = 1500;
const roots = ["processes", "status", "groups", "watch", "stats", "streams"];
const names = [
  "a",
  "s:a",
  "s.a",
  "s%2Fa",
  "nobody",
  "1",
  "2",
  "999999",
  "0",
  "007",
  "s",
  "default",
  "%20",
  "%",
  "é",
  ".",
  "__proto__",
];
const actions = [
  "_pids",
  "_start",
  "_stop",
  "_restart",
  "_add",
  "_sub",
  "_signal",
  "_fly",
  "proc",
  "job",
  "exit",
  "create",
  "stdin",
];
const values = [
  "HUP",
  "WINCH",
  "0",
  "1",
  "-1",
  "1e3",
  "99999999999999999999",
  "=1",
  "+1",
  "stdout",
  "stderr",
  "spawn",
  "",
];
const queries = [
  "",
  "wait=0",
  "wait=1",
  "wait=x",
  "running=1",
  "running=x",
  "feed=normal",
  "feed=longpoll",
  "feed=continuous",
];
queries.push(
  "feed=eventsource",
  "feed=x",
  "heartbeat=0",
  "heartbeat=0.1",
  "heartbeat=true",
  "since=0",
  "since=1",
  "since=x-1",
);
const bodies = [
  "",
  "{",
  "[]",
  "null",
  '{"name":"a","cmd":"x"}',
  '{"name":"b","cmd":"true","start":false}',
  '{"cmd":"sleep 5"}',
];
bodies.push(
  '{"name":"s:c","cmd":"","args":7}',
  '{"__proto__":{"x":1}}',
  '{"name":"\\u0000","cmd":"x"}',
  "[".repeat(3000),
);

/** A request to a route of gaffer 0.4, or to what looks like one. */
function requestOf(random: SeededRandom): { line: string; body: string | undefined } {
  const method = random.pick(["GET", "GET", "HEAD", "POST", "POST", "PUT", "DELETE", "OPTIONS"]);
  const parts = [random.pick(names), random.pick([...actions, ...names]), random.pick([...values, ...names])];
  const path = [random.pick(roots), ...parts.slice(0, random.below(4))].join("/");
  const query = random.several(3, () => random.pick(queries)).join("&");
  // A silent stream sends its head with its first byte.
  const whole = `/${path}?${path.startsWith("streams") ? "heartbeat=1&" : ""}${query}`;
  return { line: `${method} ${whole}`, body: method === "POST" || method === "PUT" ? random.pick(bodies) : undefined };
}

/** Status, and the body of what has an end. */
async function answerTo(daemon: RunningDaemon, line: string, body: string | undefined): Promise<[number, string]> {
  const [method = "", path = ""] = line.split(" ");
  const abort = new AbortController();
  const response = await daemon.fetch(path, { method, signal: abort.signal, ...(body === undefined ? {} : { body }) });
  const isFeed = response.status === 200 && /^\/(watch|streams|stats)\b/.test(path) && method === "GET";
  const text = isFeed ? "" : await response.text();
  abort.abort();
  return [response.status, text];
}

/** Leaves two jobs that run, and nothing that is on its way. */
async function reset(daemon: RunningDaemon): Promise<void> {
  for (const session of ["default", "s"]) await daemon.request(`DELETE /sessions/${session}?wait=10`);
  for (const name of ["a", "s:a"]) {
    await daemon.request("POST /processes?wait=10", { name, cmd: "sleep 1000", redirect_input: true });
  }
}

test("whatever is asked of the routes of gaffer 0.4, each answers in shape, and a refusal changes nothing", async () => {
  const seed = Number(process.env["GAFFER_FUZZ_SEED"] ?? Date.now() % 1_000_000_000);
  const random = new SeededRandom(seed);
  await using daemon = await RunningDaemon.start();
  await reset(daemon);
  const refusals: (readonly [line: string, body: string | undefined])[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { line, body } = requestOf(random);
    const [status, text] = await answerTo(daemon, line, body);
    const told = [seed, line, body, status, text] as const;
    expect([...told, status < 500 || status === 503 || status === 504]).toEqual([...told, true]);
    if (status < 400 || line.startsWith("HEAD")) continue;
    const { error, errno, message, code } = Object(JSON.parse(text));
    expect([...told, typeof error, errno, typeof message, typeof code]).toEqual([
      ...told,
      "string",
      status,
      "string",
      "string",
    ]);
    if (status !== 504) refusals.push([line, body]);
  }
  expect([seed, refusals.length > ROUNDS / 10]).toEqual([seed, true]);
  // Once more, where nothing happens by itself: what is refused again has changed nothing.
  await reset(daemon);
  for (const [line, body] of refusals.slice(0, 200)) {
    const before = await daemon.state();
    const [status] = await answerTo(daemon, line, body);
    if (status >= 400) expect([seed, line, body, await daemon.state()]).toEqual([seed, line, body, before]);
    else await reset(daemon);
  }
  expect([seed, daemon.gaffer.stderr]).toEqual([seed, expect.not.stringMatching(/ERROR|internal|bug in gaffer/)]);
  expect([seed, (await daemon.stopped()).code]).toEqual([seed, 0]);
});
