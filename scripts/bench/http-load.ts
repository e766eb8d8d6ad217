/** `http-load HOST PORT PATH REQUESTS`: asks so often over 16 connections, each its next request when the last was answered; prints `{ms}`. */
const CONNECTIONS = 16;
const [host = "127.0.0.1", port = "0", path = "/", requests = "0"] = process.argv.slice(2);
const request = `GET ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`;
const HEAD_END = "\r\n\r\n";

let left = Number(requests);
let answered = 0;
const { promise: done, resolve } = Promise.withResolvers<void>();

/** What one connection has of the answer under way. */
interface Reading {
  text: string;
}

function ask(socket: Bun.Socket<Reading>): void {
  if (left-- > 0) socket.write(request);
}

function read(socket: Bun.Socket<Reading>, bytes: Uint8Array): void {
  const { data } = socket;
  data.text += Buffer.from(bytes).toString("latin1");
  for (;;) {
    const end = data.text.indexOf(HEAD_END);
    const length = Number(/content-length: (\d+)/i.exec(data.text)?.[1]);
    if (end === -1 || data.text.length < end + HEAD_END.length + length) return;
    if (!data.text.startsWith("HTTP/1.1 200")) throw new Error(data.text);
    data.text = data.text.slice(end + HEAD_END.length + length);
    if (++answered === Number(requests)) resolve();
    ask(socket);
  }
}

const sockets = await Promise.all(
  Array.from({ length: CONNECTIONS }, () =>
    Bun.connect<Reading>({ hostname: host, port: Number(port), data: { text: "" }, socket: { data: read } }),
  ),
);
const started = performance.now();
for (const socket of sockets) ask(socket);
await done;
console.log(JSON.stringify({ ms: performance.now() - started }));
for (const socket of sockets) socket.end();
