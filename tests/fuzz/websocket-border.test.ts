import { expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { encodeIoFrame } from "../../src/wire/io-frame.ts";
import { ChannelClient } from "../support/channel-client.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { clientFrame, RawWebSocket } from "../support/raw-websocket.ts";
import { RunningDaemon } from "../support/running-daemon.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(120_000);

const ROUNDS = 60;
const AT_ONCE = 20;

const topics = ["EVENTS", "EVENTS:job", "JOB:s.a", "JOB:", "PROCESS:1", "PROCESS:x", "STATS:1", "STATS:s.a", "STATS:"];
topics.push("STREAM:1", "STREAM:1.stdout", "STREAM:1.", "STREAM:999", "\0", "é:é", ":", "__proto__", "x".repeat(5000));
const names = ["sessions", "jobs", "pids", "info", "stats", "process_info", "process_stats", "send", "kill", "commit"];
names.push("load", "unload", "update", "scale", "reload", "killall", "stopall", "", "toString", "__proto__", "fly");
const values: unknown[] = [null, 0, 1, -1, 1e300, "", "s.a", "a", "s.b", 1, "TERM", "CONT", [], {}, true, "=1", "\0"];
values.push({ name: "b", cmd: "true", start: false }, { cmd: 1 }, [["a"]], "x".repeat(3000), { __proto__: 1 });

function json(random: SeededRandom): unknown {
  const event = random.pick(["SUB", "UNSUB", "CMD", "CMD", "CMD", "NOP", "", "cmd", 1, null]);
  const args = random.several(4, () => random.pick(values));
  const kwargs = Object.fromEntries(
    random.several(2, () => [random.pick(["name", "sessionid", "env", "x"]), random.pick(values)]),
  );
  const command = { identity: random.pick([1, "a", {}, null, ""]), name: random.pick(names), args, kwargs };
  const data = event === "CMD" ? command : { topic: random.pick([...topics, 1, null]) };
  return random.below(8) === 0
    ? random.pick(values)
    : { event, data: random.below(8) === 0 ? random.pick(values) : data };
}

const noise = (random: SeededRandom, most: number): Uint8Array =>
  Uint8Array.from(random.several(most, () => random.below(256)));

function payload(random: SeededRandom): string | Uint8Array {
  switch (random.below(6)) {
    case 0:
      return noise(random, 200);
    case 1:
      return encodeIoFrame({
        type: random.pick(["message", "error", "x"]),
        id: random.pick(["a", "b"]),
        body: noise(random, 50),
      });
    case 2:
      return random.pick(["", "AUTH:", "AUTH:x", "{", "[".repeat(2000), "x".repeat(random.below(70_000))]);
    default:
      return JSON.stringify(json(random));
  }
}

function frame(random: SeededRandom): Uint8Array {
  const isWild = random.below(12) === 0;
  const opcode = isWild ? random.below(16) : random.pick([1, 1, 1, 2, 9, 10]);
  const body = opcode > 8 ? noise(random, isWild ? 200 : 120) : payload(random);
  const options = {
    fin: !isWild || random.below(2) === 0,
    masked: random.below(60) > 0,
    rsv: isWild ? random.below(8) : 0,
  };
  const whole = clientFrame(opcode, body, options);
  if (random.below(40) > 0) return whole;
  // Lengths that lie: nothing of that size ever comes, or it is beyond every bound.
  const head = Buffer.from([0x81, 0xff, random.below(2) === 0 ? 0 : 0xff, 0, 0, 0, 0, 0x20, 0, 0]);
  return Buffer.concat([head, whole]);
}

const paths = ["/channel/websocket", "/channel", "/1/channel", "/1/channel?binary=1", "/1/channel/stdout?mode=1"];
paths.push("/2/channel", "/99/channel", "/wstreams/1", "/wstreams/x", "/wstreams/1?binary=0");
const heads = [
  "Upgrade: websocket",
  "upgrade: WebSocket",
  "Connection: Upgrade",
  "Connection: close",
  "Sec-WebSocket-Version: 13",
];
heads.push(
  "Sec-WebSocket-Version: 8",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Key: x",
  "Sec-WebSocket-Key:",
);
heads.push(
  "Sec-WebSocket-Extensions: permessage-deflate",
  "Sec-WebSocket-Protocol: x",
  "Origin: null",
  "Content-Length: 5",
);

/** Half a handshake, or one that is none. */
async function knock(port: number, random: SeededRandom): Promise<void> {
  using connection = await RawConnection.open(port);
  const lines = ["Host: localhost", ...random.several(7, () => random.pick(heads))];
  const text = `${random.pick(["GET", "GET", "POST", "HEAD"])} ${random.pick(paths)} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
  connection.send(random.below(4) === 0 ? text.slice(0, random.below(text.length)) : text);
  connection.send(frame(random));
  await Bun.sleep(random.below(15));
}

async function visit(port: number, random: SeededRandom): Promise<void> {
  if (random.below(4) === 0) return knock(port, random);
  using socket = await RawWebSocket.open(port, random.pick(paths));
  if (random.below(5) === 0) socket.connection.pause();
  for (let frames = random.below(30); frames > 0; frames--) socket.connection.send(frame(random));
  // A flood of pings from one who may not read.
  if (random.below(6) === 0) for (let pings = 0; pings < 3000; pings++) socket.send(9, "ping");
  await Bun.sleep(random.below(15));
  if (random.below(3) === 0)
    socket.send(8, random.pick([new Uint8Array(), Uint8Array.of(3), Uint8Array.of(3, 232), Uint8Array.of(255, 255)]));
}

test("whatever comes over its websockets, the daemon lives, answers, meets no bug, and keeps nothing of it", async () => {
  const seed = Number(process.env["GAFFER_FUZZ_SEED"] ?? Date.now() % 1_000_000_000);
  const random = new SeededRandom(seed);
  await using daemon = await RunningDaemon.start();
  await daemon.request("POST /jobs/s", { name: "a", cmd: "cat", redirect_input: true });
  await daemon.until("/1", /"active":true/);
  const fds = (): number => readdirSync(`/proc/${daemon.gaffer.child.pid}/fd`).length;
  const before = fds();
  for (let round = 0; round < ROUNDS; round++) {
    await Promise.all(
      Array.from({ length: AT_ONCE }, () => visit(daemon.port, new SeededRandom(random.below(2 ** 31)))),
    );
    expect([seed, (await daemon.request("GET /ping")).text]).toEqual([seed, "OK"]);
  }
  expect([seed, daemon.gaffer.stderr]).toEqual([seed, expect.not.stringMatching(/ERROR|internal|bug in gaffer/)]);
  // All of them have gone, with what they had open.
  await waitFor(
    () => fds() <= before + 2,
    () => `${fds()} descriptors, ${before} before`,
  );
  using client = await new ChannelClient(`ws://${daemon.host}/channel`).opened();
  expect([seed, await client.command("sessions")]).toMatchObject([seed, { kind: "result" }]);
  expect([seed, (await daemon.stopped()).code]).toEqual([seed, 0]);
});

test("messages that come in pieces are put together; one that never ends is cut off at the bound", async () => {
  await using daemon = await RunningDaemon.start();
  using socket = await RawWebSocket.open(daemon.port, "/channel");
  const text = JSON.stringify({ event: "CMD", data: { identity: 7, name: "sessions" } });
  for (let at = 0; at < text.length; at++) {
    socket.send(at === 0 ? 1 : 0, text.charAt(at), { fin: at === text.length - 1 });
    socket.send(9, "");
  }
  await waitFor(
    () => socket.texts().length === 1,
    () => "an answer",
  );
  expect(JSON.parse(socket.texts()[0] ?? "")).toEqual({
    event: "gaffer:command_success",
    data: { id: 7, result: { sessions: [] } },
  });
  using endless = await RawWebSocket.open(daemon.port, "/channel");
  const piece = "x".repeat(100_000);
  for (let at = 0; at < 20 && !endless.connection.closed; at++) endless.send(at === 0 ? 1 : 0, piece, { fin: false });
  await waitFor(
    () => endless.connection.closed || endless.closing !== undefined,
    () => "the end of the endless",
  );
  expect([1009, undefined]).toContain(endless.closing?.[0]);
  expect((await daemon.request("GET /ping")).text).toBe("OK");
});
