import { afterAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { readTlsAuthority, readTlsIdentity } from "../../../src/base/tls-files.ts";
import { HttpEndpoint, type ServerTls } from "../../../src/server/http-endpoint.ts";
import { type Certificate, Certificates } from "../../support/certificates.ts";
import { waitFor } from "../../support/wait-for.ts";

const certificates = new Certificates();
afterAll(() => certificates[Symbol.dispose]());
const server = certificates.issue("server");
const second = certificates.issue("second");
const client = certificates.issue("client");
const strange = certificates.issue("strange", { by: "wrong" });
const self = certificates.selfSigned("self");

const fail = (_: string, fact: string): never => {
  throw new Error(fact);
};

function tlsOf({ cert, key }: Certificate, cacert?: Certificate): ServerTls {
  const identity = readTlsIdentity({ certfile: cert, keyfile: key }, fail);
  const authority = cacert && readTlsAuthority(cacert.cert, fail);
  if (identity === undefined) throw new Error("no certificate");
  return { identity, ...(authority === undefined ? {} : { authority }) };
}

/** An endpoint that notes what reaches it, and answers `GET /feed` without an end. */
class Noted implements AsyncDisposable {
  readonly reached: string[] = [];
  readonly feeds: ReadableStreamDefaultController<string>[] = [];
  #endpoint: HttpEndpoint | undefined;

  static async open(tls: ServerTls | undefined): Promise<Noted> {
    const noted = new Noted();
    noted.#endpoint = await HttpEndpoint.open(
      { kind: "tcp", host: "127.0.0.1", port: 0 },
      { tls, handle: (request) => noted.#answer(request) },
    );
    return noted;
  }

  #answer(request: Request): Response {
    this.reached.push(`${request.method} ${new URL(request.url).pathname}`);
    if (!request.url.endsWith("/feed")) return new Response("answered");
    const start = (controller: ReadableStreamDefaultController<string>): void => {
      this.feeds.push(controller);
      controller.enqueue("begin ");
    };
    return new Response(new ReadableStream({ start }));
  }

  get endpoint(): HttpEndpoint {
    if (this.#endpoint === undefined) throw new Error("not open");
    return this.#endpoint;
  }

  get port(): number {
    const { endpoint } = this.endpoint;
    return endpoint.kind === "tcp" ? endpoint.port : 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.endpoint[Symbol.asyncDispose]();
  }
}

/** What curl says: its answer, or its exit code. */
async function curl(port: number, ...args: string[]): Promise<string | number> {
  const url = args.some((arg) => arg.startsWith("http")) ? [] : [`https://localhost:${port}/x`];
  const argv = ["curl", "-sS", "--max-time", "15", "--cacert", certificates.ca.cert, ...args, ...url];
  const child = Bun.spawn(argv, { stdio: ["ignore", "pipe", "pipe"] });
  const [text, code] = await Promise.all([child.stdout.text(), child.exited]);
  return code === 0 ? text : code;
}

const as = ({ cert, key }: Certificate): string[] => ["--cert", cert, "--key", key];

describe("an endpoint with a certificate", () => {
  test("speaks TLS 1.2 and 1.3, nothing older", async () => {
    await using one = await Noted.open(tlsOf(server));
    expect(await curl(one.port, "--tlsv1.3")).toBe("answered");
    expect(await curl(one.port, "--tls-max", "1.2")).toBe("answered");
    expect(await curl(one.port, "--tls-max", "1.1")).toBeNumber();
    expect(one.reached).toEqual(["GET /x", "GET /x"]);
  });

  test("ends a plain HTTP request, which reaches nothing", async () => {
    await using one = await Noted.open(tlsOf(server));
    expect(await curl(one.port, `http://localhost:${one.port}/x`)).toBe(52);
    const { promise, resolve } = Promise.withResolvers<void>();
    const garbage = connectTcp(one.port, "127.0.0.1", () => garbage.write(Buffer.alloc(4096, 0xff)));
    garbage
      .on("close", () => resolve())
      .on("error", () => undefined)
      .resume();
    await promise;
    expect(one.reached).toEqual([]);
    expect(await curl(one.port)).toBe("answered");
  });
});

/** One connection by TLS, with all that was received. */
class Connection implements Disposable {
  readonly socket: TLSSocket;
  text = "";
  closed = false;
  session: Buffer | undefined;

  constructor(port: number, options: { client?: Certificate; session?: Buffer; version?: "TLSv1.2" | "TLSv1.3" } = {}) {
    const { client: own, session, version } = options;
    this.socket = connect({
      host: "127.0.0.1",
      port,
      servername: "localhost",
      ca: certificates.ca.pem,
      ...(own === undefined ? {} : { cert: own.pem, key: readFileSync(own.key) }),
      ...(session === undefined ? {} : { session }),
      ...(version === undefined ? {} : { minVersion: version, maxVersion: version }),
    });
    this.socket.on("data", (data) => (this.text += String(data)));
    this.socket.on("session", (ticket: Buffer) => (this.session = ticket));
    this.socket.on("error", () => undefined);
    this.socket.on("close", () => (this.closed = true));
  }

  get(path: string): void {
    this.socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

describe("an endpoint that wants certificates of its clients", () => {
  const bad: readonly [string, string[]][] = [
    ["none", []],
    ["one of another authority", as(strange)],
    ["one that nobody signed", as(self)],
  ];
  const upgrade = ["--http1.1", "-H", "Connection: Upgrade", "-H", "Upgrade: websocket"];
  upgrade.push("-H", "Sec-WebSocket-Version: 13", "-H", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==");
  const ways: readonly [string, string[]][] = [
    ["a request", []],
    ["a request by TLS 1.2", ["--tls-max", "1.2"]],
    ["a request by TLS 1.3", ["--tlsv1.3"]],
    ["a POST", ["--data-binary", "x"]],
    ["a websocket upgrade", upgrade],
    ["a preflight", ["-X", "OPTIONS"]],
  ];

  test("serves those whose certificate its authority signed", async () => {
    await using one = await Noted.open(tlsOf(server, certificates.ca));
    for (const [way, args] of ways)
      expect([way, await curl(one.port, ...as(client), ...args)]).toEqual([way, "answered"]);
    expect(one.reached).toHaveLength(ways.length);
  });

  test("refuses everybody else before anything is reached, however they ask", async () => {
    await using one = await Noted.open(tlsOf(server, certificates.ca));
    for (const [way, args] of ways) {
      for (const [what, own] of bad) {
        expect([way, what, typeof (await curl(one.port, ...args, ...own))]).toEqual([way, what, "number"]);
      }
    }
    expect(one.reached).toEqual([]);
  });

  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    test(`a session that began with a strange certificate is refused when it is resumed (${version})`, async () => {
      await using one = await Noted.open(tlsOf(server, certificates.ca));
      const ticket = async (own: Certificate): Promise<Buffer> => {
        using first = new Connection(one.port, { client: own, version });
        first.get("/first");
        await waitFor(
          () => first.closed || (first.session !== undefined && first.text.includes("answered")),
          () => first.text,
        );
        const session = first.session ?? first.socket.getSession();
        if (session === undefined) throw new Error("no session was given");
        return session;
      };
      const resume = async (session: Buffer): Promise<Connection> => {
        using again = new Connection(one.port, { session, version });
        again.get("/again");
        await waitFor(
          () => again.closed || again.text.includes("answered"),
          () => again.text,
        );
        return again;
      };
      const good = await ticket(client);
      expect(one.reached).toEqual(["GET /first"]);
      expect((await resume(good)).text).toContain("answered");
      one.reached.length = 0;
      const stolen = await ticket(strange);
      expect((await resume(stolen)).text).toBe("");
      expect(one.reached).toEqual([]);
    });
  }
});

/** Whom the certificate that is shown there is for. */
async function subject(port: number): Promise<string> {
  using connection = new Connection(port);
  const { promise, resolve } = Promise.withResolvers<string>();
  connection.socket.on("secureConnect", () => resolve(String(connection.socket.getPeerCertificate().subject.CN)));
  return await promise;
}

describe("renewTls()", () => {
  test("gives new connections the new certificate, and lets those there are go on", async () => {
    await using one = await Noted.open(tlsOf(server));
    expect(await subject(one.port)).toBe("server");
    using feed = new Connection(one.port);
    feed.get("/feed");
    await waitFor(
      () => feed.text.includes("begin"),
      () => feed.text,
    );
    expect(one.endpoint.renewTls(tlsOf(second))).toBe(true);
    expect(await subject(one.port)).toBe("second");
    expect(one.endpoint.renewTls(tlsOf(server))).toBe(true);
    expect(await subject(one.port)).toBe("server");
    one.feeds[0]?.enqueue("still here");
    await waitFor(
      () => feed.text.includes("still here"),
      () => feed.text,
    );
    expect(feed.closed).toBe(false);
    await one.endpoint.close(10);
    await waitFor(
      () => feed.closed,
      () => "the feed's end",
    );
  });

  test("does nothing when nothing has changed", async () => {
    await using one = await Noted.open(tlsOf(server));
    using connection = new Connection(one.port);
    connection.get("/1");
    await waitFor(
      () => connection.text.includes("answered"),
      () => connection.text,
    );
    expect(one.endpoint.renewTls(tlsOf(server))).toBe(false);
    connection.text = "";
    connection.get("/2");
    await waitFor(
      () => connection.text.includes("answered"),
      () => connection.text,
    );
  });

  test("asks clients for certificates from then on, or speaks TLS at all", async () => {
    await using one = await Noted.open(undefined);
    const plain = `http://localhost:${one.port}/x`;
    expect(await curl(one.port, plain)).toBe("answered");
    one.endpoint.renewTls(tlsOf(server));
    expect(await curl(one.port, plain)).toBeNumber();
    expect(await curl(one.port)).toBe("answered");
    expect(one.endpoint.endpoint).toMatchObject({ port: one.port, tls: true });
    one.endpoint.renewTls(tlsOf(server, certificates.ca));
    expect(await curl(one.port)).toBeNumber();
    expect(await curl(one.port, ...as(client))).toBe("answered");
    one.endpoint.renewTls(undefined);
    expect(await curl(one.port, plain)).toBe("answered");
  });

  test("keeps what it has when the new one can't be spoken", async () => {
    await using one = await Noted.open(tlsOf(server));
    const { identity } = tlsOf(second);
    expect(() => one.endpoint.renewTls({ identity: { ...identity, cert: "none" } })).toThrow(
      /^Cannot use the certificate/,
    );
    expect(await curl(one.port)).toBe("answered");
  });
});
