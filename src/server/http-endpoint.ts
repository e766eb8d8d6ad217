import { chmodSync, chownSync, lstatSync, mkdirSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { type Endpoint, endpointAddress, formatEndpoint } from "../base/endpoint.ts";
import { GafferError } from "../base/gaffer-error.ts";
import type { OpenSocket } from "./open-socket.ts";
import { MESSAGE_BYTES, QUEUE_BYTES } from "./socket.ts";
import type { TlsAuthority, TlsIdentity } from "../base/tls-files.ts";

/** The server that Bun gives; each of its websockets has an {@link OpenSocket} behind it. */
export type HttpServer = Bun.Server<OpenSocket>;

/** What is answered; nothing where a websocket was opened instead. */
export type HttpAnswer = Response | undefined;

/** The TLS that a server speaks: 1.2 and 1.3. */
export interface ServerTls {
  readonly identity: TlsIdentity;
  /** Who must have signed the certificate of any client; undefined = clients need none. */
  readonly authority?: TlsAuthority;
}

/** How an address is listened on. */
export interface EndpointOptions {
  /** Permission bits of a unix socket. @defaultValue `0o600` */
  readonly mode?: number;
  /** Group number of a unix socket. */
  readonly gid?: number | undefined;
  /** Undefined = plain HTTP. A unix socket speaks none. */
  readonly tls?: ServerTls | undefined;
  /** Seconds without a sign of life after which a websocket is closed; it is pinged before. From 8 on. @defaultValue 45 */
  readonly socketIdleS?: number;
  readonly handle: (request: Request, server: HttpServer, endpoint: Endpoint) => HttpAnswer | Promise<HttpAnswer>;
}

interface Listening {
  readonly endpoint: Endpoint;
  readonly server: HttpServer;
}

/**
 * Bun pings shortly before this many seconds without a sign of life: the dead are noticed, the idle stay. Proxies give a silent
 * connection a minute. @see nginx `proxy_read_timeout`
 */
const IDLE_S = 45;

const websocket = (idleS: number): Bun.WebSocketHandler<OpenSocket> => ({
  maxPayloadLength: MESSAGE_BYTES,
  // We stop at QUEUE_BYTES ourselves. Beyond this Bun drops what it is given: pongs of one who pings and does not read, and close frames,
  // which must come through.
  backpressureLimit: 4 * QUEUE_BYTES,
  idleTimeout: idleS,
  sendPings: true,
  open: (ws) => ws.data.opened(ws),
  message: (ws, message) => ws.data.received(message),
  drain: (ws) => ws.data.drained(),
  close: (ws, code, reason) => ws.data.closed(code, reason),
});

/** An address that is listened on. */
export class HttpEndpoint implements AsyncDisposable {
  /** As it was asked for. */
  readonly asked: Endpoint;
  readonly #options: EndpointOptions;
  #tls: ServerTls | undefined;
  #now: Listening;
  /** Servers that listen no more, whose last connections are not closed yet. */
  readonly #retired = new Set<HttpServer>();

  private constructor(asked: Endpoint, options: EndpointOptions, now: Listening) {
    this.asked = asked;
    this.#options = options;
    this.#tls = options.tls;
    this.#now = now;
  }

  /** With the port that was chosen, where 0 was asked for. */
  get endpoint(): Endpoint {
    return this.#now.endpoint;
  }

  /**
   * Listens.
   *
   * @remarks A unix socket is made with its mode, so nobody can slip in before; one that nobody listens on any more is replaced.
   * @throws {@link GafferError} `port_busy` if somebody listens there, the path is no socket, or the address is not ours.
   */
  static async open(endpoint: Endpoint, options: EndpointOptions): Promise<HttpEndpoint> {
    if (endpoint.kind === "unix") await clearStale(endpoint.path);
    const now = attempt(endpoint, () =>
      endpoint.kind === "unix" ? openUnix(endpoint, options) : openTcp(endpoint, options),
    );
    return new HttpEndpoint(endpoint, options, now);
  }

  /** Whether it was opened for this address. */
  isFor(endpoint: Endpoint): boolean {
    return endpointAddress(endpoint) === endpointAddress(this.asked);
  }

  /**
   * Speaks this TLS from now on: new connections get it, those there are go on as they were, but for idle ones, which are closed.
   *
   * @returns whether it is another than before.
   * @throws {@link GafferError} `port_busy` if the address was lost to another program in that moment; `usage` if it can't be spoken,
   * nothing is changed then.
   */
  renewTls(tls: ServerTls | undefined): boolean {
    const { endpoint, server: old } = this.#now;
    if (endpoint.kind === "unix" || isSameTls(tls, this.#tls)) return false;
    tryTls(tls);
    // Bun takes over no certificate by reload(); a second server can listen at once when the first has ceased to.
    this.#retired.add(old);
    void old.stop().then(() => this.#retired.delete(old));
    this.#now = attempt(endpoint, () => openTcp({ ...endpoint, tls: tls !== undefined }, { ...this.#options, tls }));
    this.#tls = tls;
    return true;
  }

  /** Takes no new connection; ends when what is being answered is, or after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    const done = Promise.all(this.#servers().map((server) => server.stop()));
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, graceMs);
    await Promise.race([done, late]);
    clearTimeout(timer);
    await this[Symbol.asyncDispose]();
  }

  #servers(): HttpServer[] {
    return [this.#now.server, ...this.#retired];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#servers().map((server) => server.stop(true)));
  }
}

const isSameTls = (one: ServerTls | undefined, other: ServerTls | undefined): boolean =>
  one?.identity.cert === other?.identity.cert &&
  one?.identity.key === other?.identity.key &&
  one?.authority?.ca === other?.authority?.ca;

/** What Bun takes TLS as. */
function bunTls({ identity: { cert, key }, authority }: ServerTls): Bun.TLSOptions {
  const required = authority && { ca: authority.ca, requestCert: true, rejectUnauthorized: true };
  return { cert, key, ...required };
}

/** Listens with this TLS for a moment where nobody knows of. @throws {@link GafferError} `usage` if it can't be spoken */
function tryTls(tls: ServerTls | undefined): void {
  if (tls === undefined) return;
  try {
    void Bun.serve({ hostname: "127.0.0.1", port: 0, tls: bunTls(tls), fetch: () => new Response() }).stop(true);
  } catch (error) {
    const fact = error instanceof Error ? error.message : String(error);
    const what = JSON.stringify(tls.identity.certfile);
    throw new GafferError("usage", `Cannot use the certificate ${what}: ${fact}`, { cause: error });
  }
}

/** @throws {@link GafferError} `port_busy` */
function attempt(endpoint: Endpoint, listen: () => Listening): Listening {
  try {
    return listen();
  } catch (error) {
    throw refused(endpoint, error);
  }
}

function serveOptions(endpoint: Endpoint, { handle, socketIdleS = IDLE_S }: EndpointOptions) {
  return {
    // What is too large is refused by ourselves, with a body that says why; Bun would only cut the connection.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    development: false,
    websocket: websocket(socketIdleS),
    fetch: (request: Request, server: HttpServer) => handle(request, server, endpoint),
  } as const;
}

function openTcp(endpoint: Endpoint & { kind: "tcp" }, options: EndpointOptions): Listening {
  let bound: Endpoint = endpoint;
  const server = Bun.serve({
    ...serveOptions(endpoint, options),
    hostname: endpoint.host,
    port: endpoint.port,
    reusePort: false,
    ...(options.tls === undefined ? {} : { tls: bunTls(options.tls) }),
    fetch: (request, self) => options.handle(request, self, bound),
  });
  bound = { ...endpoint, port: server.port ?? endpoint.port };
  return { endpoint: bound, server };
}

function openUnix(
  endpoint: Endpoint & { kind: "unix" },
  { mode = 0o600, gid, ...options }: EndpointOptions,
): Listening {
  mkdirSync(dirname(endpoint.path), { recursive: true, mode: 0o700 });
  const before = process.umask(0o777 & ~mode);
  try {
    const server = Bun.serve({ ...serveOptions(endpoint, options), unix: endpoint.path });
    if (gid !== undefined) chownSync(endpoint.path, -1, gid);
    // Changing the group may have taken bits away.
    chmodSync(endpoint.path, mode);
    return { endpoint, server };
  } finally {
    process.umask(before);
  }
}

const facts: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program listens there",
  EADDRNOTAVAIL: "this machine has no such address",
  EACCES: "permission denied",
  EROFS: "the file system is read-only",
  ENOTDIR: "a part of the path is not a folder",
};

function refused(endpoint: Endpoint, error: unknown): GafferError {
  if (error instanceof GafferError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  const fact = facts[code] ?? code;
  return new GafferError("port_busy", `Cannot listen on ${formatEndpoint(endpoint)}: ${fact}`, { cause: error });
}

/** Takes away a socket that nobody listens on; refuses any other thing that lies there. */
async function clearStale(path: string): Promise<void> {
  const busy = (fact: string): GafferError => new GafferError("port_busy", `Cannot listen on unix:${path}: ${fact}`);
  let found;
  try {
    found = lstatSync(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return;
    throw refused({ kind: "unix", path }, error);
  }
  if (!found.isSocket()) throw busy("a file of that name is there, and it is no socket");
  if (await answers(path)) throw busy("another program listens there");
  unlinkSync(path);
}

/** Whether anybody listens on a socket. */
async function answers(path: string): Promise<boolean> {
  try {
    const socket = await Bun.connect({ unix: path, socket: { data: () => undefined } });
    socket.end();
    return true;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    return code !== "ECONNREFUSED" && code !== "ENOENT";
  }
}
