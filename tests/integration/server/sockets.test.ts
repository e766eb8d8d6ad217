import { expect, setDefaultTimeout, test } from "bun:test";
import { NOBODY } from "../../../src/base/caller.ts";
import { HttpEndpoint } from "../../../src/server/http-endpoint.ts";
import { HttpService } from "../../../src/server/http-service.ts";
import { Router } from "../../../src/server/router.ts";
import type { Socket, SocketMessage, SocketSession } from "../../../src/server/socket.ts";
import { socketRoute } from "../../../src/server/socket-route.ts";
import { Sockets } from "../../../src/server/sockets.ts";
import { RawConnection } from "../../support/raw-connection.ts";
import { clientFrame, RawWebSocket } from "../../support/raw-websocket.ts";
import { waitFor } from "../../support/wait-for.ts";

setDefaultTimeout(30_000);

/** A session that notes what it is told, and does what the test says. */
class NotedSession implements SocketSession {
  socket: Socket | undefined;
  readonly heard: SocketMessage[] = [];
  drains = 0;
  closed: readonly [number, string] | undefined;
  onMessage: (data: SocketMessage) => void | Promise<void> = () => undefined;
  onDrain: () => void = () => undefined;

  open(socket: Socket): void {
    this.socket = socket;
  }

  message(data: SocketMessage): void | Promise<void> {
    this.heard.push(data);
    return this.onMessage(data);
  }

  drain(): void {
    this.drains++;
    this.onDrain();
  }

  close(code: number, reason: string): void {
    this.closed = [code, reason];
  }

  send(message: SocketMessage): string {
    return this.socket?.send(message) ?? "no socket";
  }
}

/** A server whose path `/s` opens a socket. */
class SocketServer implements AsyncDisposable {
  readonly sessions: NotedSession[] = [];
  readonly errors: unknown[] = [];
  readonly sockets = new Sockets((error) => this.errors.push(error));
  readonly #endpoint: HttpEndpoint;
  prepare: (session: NotedSession) => void = () => undefined;

  private constructor(endpoint: HttpEndpoint) {
    this.#endpoint = endpoint;
  }

  static async start(): Promise<SocketServer> {
    const gatekeeper = { admit: () => ({ "x-gate": "passed" }), callerOf: () => NOBODY, authenticate: () => NOBODY };
    let server: SocketServer | undefined;
    const doc = { summary: "A socket", access: "none" };
    const routes = [socketRoute({ path: "/s", doc, socket: () => server?.session() ?? new NotedSession() })];
    const service = (): HttpService => {
      if (server === undefined) throw new Error("it has not begun yet");
      return new HttpService({
        router: new Router(routes),
        sockets: server.sockets,
        gatekeeper: () => gatekeeper,
        onError: (error) => server?.errors.push(error),
      });
    };
    const endpoint = await HttpEndpoint.open(
      { kind: "tcp", host: "127.0.0.1", port: 0 },
      { handle: (request, own, at) => service().handle(request, own, at), socketIdleS: 8 },
    );
    server = new SocketServer(endpoint);
    return server;
  }

  session(): NotedSession {
    const session = new NotedSession();
    this.prepare(session);
    this.sessions.push(session);
    return session;
  }

  get port(): number {
    const { endpoint } = this.#endpoint;
    return endpoint.kind === "tcp" ? endpoint.port : 0;
  }

  /** Opens a socket by hand, and gives its session with it. */
  async open(): Promise<{ readonly client: RawWebSocket; readonly session: NotedSession }> {
    const client = await RawWebSocket.open(this.port, "/s");
    await waitFor(
      () => this.sessions.at(-1)?.socket !== undefined,
      () => "a session",
    );
    const session = this.sessions.at(-1);
    if (session === undefined) throw new Error("no session");
    return { client, session };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.sockets.end();
    await this.#endpoint.close(500);
    expect(this.errors).toEqual([]);
    expect(this.sockets.count).toBe(0);
  }
}

test("a plain GET of a websocket's path is told so by 426; a bad handshake is refused", async () => {
  await using server = await SocketServer.start();
  const answer = await fetch(`http://127.0.0.1:${server.port}/s`);
  expect([answer.status, answer.headers.get("upgrade"), answer.headers.get("x-gate")]).toEqual([
    426,
    "websocket",
    "passed",
  ]);
  expect(await answer.json()).toMatchObject({ error: "upgrade_required", errno: 426, code: "upgrade_required" });
  for (const head of ["Upgrade: websocket", "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13"]) {
    using connection = await RawConnection.open(server.port);
    connection.send(`GET /s HTTP/1.1\r\nHost: localhost\r\n${head}\r\n\r\n`);
    expect(await connection.answered()).toMatch(/^HTTP\/1\.1 400 /);
  }
  expect(server.sockets.count).toBe(0);
});

test("messages come one at a time and in order, text as text and bytes as bytes", async () => {
  await using server = await SocketServer.start();
  const { client, session } = await server.open();
  using _client = client;
  const order: string[] = [];
  session.onMessage = async (data) => {
    order.push(`begin ${String(data)}`);
    await Bun.sleep(data === "a" ? 20 : 0);
    order.push(`end ${String(data)}`);
  };
  client.send(1, "a");
  client.send(2, Uint8Array.of(0, 255));
  client.send(1, "");
  await waitFor(
    () => order.length === 6,
    () => order.join(),
  );
  expect(session.heard).toEqual(["a", Buffer.from([0, 255]), ""]);
  expect(order.filter((one) => /^\w+ a?$/.test(one))).toEqual(["begin a", "end a", "begin ", "end "]);
  expect(order[2]).toMatch(/^begin /);
});

test("who does not read is not sent more than a bound, is not heard, and goes on where he stopped when he reads", async () => {
  await using server = await SocketServer.start();
  const { client, session } = await server.open();
  using _client = client;
  client.connection.pause();
  const piece = "x".repeat(65_536);
  let sent = 0;
  const fill = (): void => {
    while (sent < 400 && session.send(`${sent}:${piece}`) === "sent") sent++;
  };
  session.onDrain = fill;
  fill();
  await waitFor(
    () => (session.socket?.buffered ?? 0) > 262_144,
    () => {
      fill();
      return `full after ${sent}`;
    },
  );
  expect(session.send("more")).toBe("full");
  expect(session.socket?.buffered).toBeLessThan(262_144 + 2 * piece.length);
  const before = sent;
  expect(before).toBeLessThan(400);
  client.send(1, "a question");
  // It is taken only when there is room for an answer.
  for (let turn = 0; turn < 20; turn++) await Bun.sleep(1);
  expect(session.heard).toEqual([]);
  client.connection.resume();
  await waitFor(
    () => sent === 400 && session.heard.length === 1 && client.texts().length === 400,
    () => `${sent} sent, ${client.texts().length} read, ${session.heard.length} heard`,
  );
  expect(session.drains).toBeGreaterThan(0);
  expect(client.texts().map((text) => Number(text.slice(0, text.indexOf(":"))))).toEqual(
    Array.from({ length: 400 }, (_, at) => at),
  );
});

test("a message beyond the bound closes the socket with 1009; a frame without mask and an unknown opcode with 1002", async () => {
  await using server = await SocketServer.start();
  const largest = await server.open();
  largest.client.send(1, "x".repeat(1_048_576));
  await waitFor(
    () => largest.session.heard.length === 1,
    () => "the largest message",
  );
  largest.client[Symbol.dispose]();
  const cases: (readonly [Buffer, number])[] = [
    [clientFrame(1, "x".repeat(1_048_577)), 1009],
    [clientFrame(1, "unmasked", { masked: false }), 1002],
    [clientFrame(5, "?"), 1002],
    [clientFrame(1, "?", { rsv: 4 }), 1002],
    [clientFrame(1, Uint8Array.of(0xff)), 1007],
  ];
  for (const [bytes, code] of cases) {
    const { client, session } = await server.open();
    using _client = client;
    client.connection.send(bytes);
    expect((await client.closed())?.[0]).toBe(code);
    await waitFor(
      () => session.closed !== undefined,
      () => "the session's end",
    );
    expect(session.heard).toEqual([]);
  }
});

test("a session that throws is closed with 1011, and nobody else is hurt", async () => {
  await using server = await SocketServer.start();
  const first = await server.open();
  const second = await server.open();
  using _first = first.client;
  using _second = second.client;
  first.session.onMessage = async () => {
    await Promise.resolve();
    throw new Error("a bug");
  };
  first.client.send(1, "go");
  expect((await first.client.closed())?.[0]).toBe(1011);
  expect(server.errors.splice(0)).toEqual([new Error("a bug")]);
  expect(first.session.closed?.[0]).toBe(1011);
  second.client.send(1, "still there?");
  await waitFor(
    () => second.session.heard.length === 1,
    () => "the second",
  );
});

test("the end of the server waits for the message in hand, sends what there is, and closes with 1001", async () => {
  await using server = await SocketServer.start();
  const { client, session } = await server.open();
  using _client = client;
  const { promise, resolve } = Promise.withResolvers<void>();
  session.onMessage = async () => {
    await promise;
    session.send("answer");
  };
  session.onDrain = () => session.send("last word");
  client.send(1, "question");
  client.send(1, "too late");
  await waitFor(
    () => session.heard.length === 1,
    () => "the question",
  );
  server.sockets.end();
  expect(session.closed).toBeUndefined();
  resolve();
  expect(await client.closed()).toEqual([1001, "gaffer is stopping"]);
  expect(client.texts()).toEqual(["answer", "last word"]);
  expect(session.heard).toEqual(["question"]);
  expect(session.closed).toEqual([1001, "gaffer is stopping"]);
  const late = await server.open();
  using _late = late.client;
  expect(await late.client.closed()).toEqual([1001, "gaffer is stopping"]);
});

test("the end of the server waits for a slow reader: it gets all that was sent, then 1001", async () => {
  await using server = await SocketServer.start();
  const { client, session } = await server.open();
  using _client = client;
  client.connection.pause();
  const piece = "x".repeat(65_536);
  let sent = 0;
  await waitFor(
    () => {
      while (session.send(piece) === "sent") sent++;
      return (session.socket?.buffered ?? 0) > 262_144;
    },
    () => "full",
  );
  server.sockets.end();
  client.connection.resume();
  expect(await client.closed()).toEqual([1001, "gaffer is stopping"]);
  expect(client.texts().length).toBe(sent);
});

const pings = (client: RawWebSocket): number => client.read().filter(({ opcode }) => opcode === 9).length;

test("who says nothing is pinged: who answers stays, who does not is closed", async () => {
  await using server = await SocketServer.start();
  const alive = await server.open();
  const dead = await server.open();
  using _alive = alive.client;
  using _dead = dead.client;
  await waitFor(
    () => pings(alive.client) > 0 && pings(dead.client) > 0,
    () => "pings",
  );
  alive.client.send(10, "");
  await waitFor(
    () => dead.session.closed !== undefined,
    () => "the end of who did not answer",
  );
  expect(dead.session.closed?.[0]).toBe(1006);
  alive.client.send(1, "still here");
  await waitFor(
    () => alive.session.heard.length === 1,
    () => "who answered",
  );
});

test("who goes away while he is too slow is noticed, whether he resets the connection or just closes it", async () => {
  await using server = await SocketServer.start();
  for (const way of ["reset", "close"]) {
    const { client, session } = await server.open();
    using _client = client;
    client.connection.pause();
    const piece = "x".repeat(65_536);
    await waitFor(
      () => {
        while (session.send(piece) === "sent");
        return (session.socket?.buffered ?? 0) > 262_144;
      },
      () => "full",
    );
    if (way === "close") client.connection.shutdown();
    client.connection.close();
    await waitFor(
      () => session.closed !== undefined,
      () => `the end by ${way}`,
    );
  }
});
