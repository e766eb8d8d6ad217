/**
 * Asks for one path again and again over connections that are kept, each asking anew once it has its answer.
 * `http-load TARGET PATH CONNECTIONS MS [HEADER…]`, TARGET a port of 127.0.0.1 or the path of a unix socket; prints requests per second.
 */
const [target = "", path = "/", connections = "16", ms = "1000", ...headers] = process.argv.slice(2);

const request = Buffer.from(
  `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${headers.map((one) => `${one}\r\n`).join("")}\r\n`,
);
let answers = 0;
const open: Bun.Socket<Client>[] = [];

/** One connection: what has come of an answer. */
interface Client {
  rest: string;
}

const socket: Bun.SocketHandler<Client> = {
  open: (connection) => {
    connection.write(request);
  },
  data: (connection, chunk) => {
    const { data } = connection;
    data.rest += chunk.toString("latin1");
    const end = data.rest.indexOf("\r\n\r\n");
    const length = /content-length: (\d+)/i.exec(data.rest)?.[1];
    if (end === -1 || length === undefined || data.rest.length < end + 4 + Number(length)) return;
    if (!data.rest.startsWith("HTTP/1.1 200 ")) throw new Error(data.rest);
    data.rest = "";
    answers++;
    connection.write(request);
  },
};
for (let count = 0; count < Number(connections); count++) {
  const data = { rest: "" };
  const isPort = /^\d+$/.test(target);
  const connecting = isPort
    ? Bun.connect({ hostname: "127.0.0.1", port: Number(target), socket, data })
    : Bun.connect({ unix: target, socket, data });
  open.push(await connecting);
}

/** Until every connection has been used, and the server's code is warm. */
const WARM_MS = 500;
await Bun.sleep(WARM_MS);
const [before, started] = [answers, performance.now()];
await Bun.sleep(Number(ms));
const seconds = (performance.now() - started) / 1000;
console.log(((answers - before) / seconds).toFixed(0));
for (const connection of open) connection.terminate();
