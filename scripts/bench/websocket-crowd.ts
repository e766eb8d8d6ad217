/**
 * Clients of the fan-out measurement, in a process of their own: many websockets that note when each event came, and some that stop
 * reading. It obeys lines of its stdin, and answers each by a line of JSON.
 *
 * usage: websocket-crowd.ts PORT READERS STUCK
 */
const [port = 0, readers = 0, stuck = 0] = process.argv.slice(2).map(Number);
const SUBSCRIBE = JSON.stringify({ event: "SUB", data: { topic: "EVENTS" } });
const HANDSHAKE =
  "GET /channel/websocket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

const say = (message: object): void => void process.stdout.write(`${JSON.stringify(message)}\n`);

/** Delays of each event, by its time of birth in milliseconds since 1970. */
const delays = new Map<number, number[]>();

function note(text: string): void {
  const now = performance.timeOrigin + performance.now();
  const at = text.indexOf('"time":');
  if (at === -1) return;
  const time = Number.parseInt(text.slice(at + 7), 10);
  const known = delays.get(time);
  if (known === undefined) delays.set(time, [now - time]);
  else known.push(now - time);
}

async function openReader(): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/channel/websocket`);
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("close", reject);
  });
  socket.addEventListener("message", ({ data }: MessageEvent<string>) => note(data));
  return socket;
}

/** A frame as a client must send it; the mask of zeros changes nothing. */
function masked(text: string): Uint8Array {
  const body = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x81, 0x80 | body.length, 0, 0, 0, 0]), body]);
}

interface Stuck {
  readonly socket: Bun.Socket;
  bytes: number;
  /** Code of the close frame that stood at the very end. */
  code: number | undefined;
  isOver: boolean;
}

function openStuck(): Promise<Stuck> {
  const { promise, resolve } = Promise.withResolvers<Stuck>();
  let one: Stuck | undefined;
  void Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      open: (socket) => {
        one = { socket, bytes: 0, code: undefined, isOver: false };
        socket.write(HANDSHAKE);
      },
      data: (socket, data) => {
        if (one === undefined) return;
        const isFirst = one.bytes === 0;
        one.bytes += data.length;
        if (isFirst) socket.write(masked(SUBSCRIBE));
        else if (data.includes("subscription_success")) {
          socket.pause();
          resolve(one);
        }
        // The reason of the one close frame there is stands at its end.
        const end = data.lastIndexOf("the reader is too slow");
        if (end > 4) one.code = data.readUInt16BE(end - 2);
      },
      close: () => {
        if (one !== undefined) one.isOver = true;
      },
    },
  });
  return promise;
}

const quantile = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
const sortedOf = (numbers: readonly number[]): number[] => numbers.toSorted((a, b) => a - b);

function report(): object {
  const each = [...delays.values()].map(sortedOf);
  const all = sortedOf(each.flat());
  const worst = Math.max(...each.map((one) => quantile(one, 0.99)));
  const [p50, p99] = [quantile(all, 0.5), quantile(all, 0.99)];
  return { events: each.length, deliveries: all.length, p50, p99, worst };
}

const sleepers: Stuck[] = [];
const sockets: WebSocket[] = [];

async function obey(line: string): Promise<object> {
  switch (line) {
    case "open":
      for (let at = 0; at < stuck; at++) sleepers.push(await openStuck());
      for (let at = 0; at < readers; at += 50) {
        sockets.push(...(await Promise.all(Array.from({ length: Math.min(50, readers - at) }, openReader))));
      }
      return { open: sockets.length, stuck: sleepers.length };
    case "subscribe":
      for (const socket of sockets) socket.send(SUBSCRIBE);
      return {};
    case "report": {
      const figures = report();
      delays.clear();
      return figures;
    }
    case "wake":
      for (const { socket } of sleepers) socket.resume();
      while (sleepers.some((one) => !one.isOver)) await Bun.sleep(20);
      return { codes: sleepers.map(({ code }) => code ?? null), bytes: sleepers.map(({ bytes }) => bytes) };
    default:
      throw new Error(`what is ${line}?`);
  }
}

let rest = "";
const decoder = new TextDecoder();
for await (const chunk of Bun.stdin.stream()) {
  const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) say(await obey(line));
}
for (const socket of sockets) socket.terminate();
for (const { socket } of sleepers) socket.terminate();
