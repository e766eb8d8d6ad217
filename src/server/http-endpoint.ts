import { chmodSync, chownSync, lstatSync, mkdirSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import { type Endpoint, formatEndpoint } from "../base/endpoint.ts";
import { GafferError } from "../base/gaffer-error.ts";
import type { OpenSocket } from "./open-socket.ts";
import { MESSAGE_BYTES, QUEUE_BYTES } from "./socket.ts";

/** The server that Bun gives; each of its websockets has an {@link OpenSocket} behind it. */
export type HttpServer = Bun.Server<OpenSocket>;

/** What is answered; nothing where a websocket was opened instead. */
export type HttpAnswer = Response | undefined;

/** How an address is listened on. */
export interface EndpointOptions {
  /** Permission bits of a unix socket. @defaultValue `0o600` */
  readonly mode?: number;
  /** Group number of a unix socket. */
  readonly gid?: number | undefined;
  readonly handle: (request: Request, server: HttpServer, endpoint: Endpoint) => HttpAnswer | Promise<HttpAnswer>;
}

/**
 * Bun pings shortly before this many seconds without a sign of life: the dead are noticed, the idle stay. Proxies give a silent
 * connection a minute. @see nginx `proxy_read_timeout`
 */
const IDLE_S = 45;

const websocket: Bun.WebSocketHandler<OpenSocket> = {
  maxPayloadLength: MESSAGE_BYTES,
  // What exceeds it is refused by ourselves; of what Bun says by itself, its pongs, no more than this may pile up.
  backpressureLimit: QUEUE_BYTES,
  idleTimeout: IDLE_S,
  sendPings: true,
  open: (ws) => ws.data.opened(ws),
  message: (ws, message) => ws.data.received(message),
  drain: (ws) => ws.data.drained(),
  close: (ws, code, reason) => ws.data.closed(code, reason),
};

/** An address that is listened on. */
export class HttpEndpoint implements AsyncDisposable {
  /** With the port that was chosen, where 0 was asked for. */
  readonly endpoint: Endpoint;
  readonly #server: HttpServer;

  private constructor(endpoint: Endpoint, server: HttpServer) {
    this.endpoint = endpoint;
    this.#server = server;
  }

  /**
   * Listens.
   *
   * @remarks A unix socket is made with its mode, so nobody can slip in before; one that nobody listens on any more is replaced.
   * @throws {@link GafferError} `port_busy` if somebody listens there, the path is no socket, or the address is not ours.
   */
  static async open(endpoint: Endpoint, options: EndpointOptions): Promise<HttpEndpoint> {
    if (endpoint.kind === "unix") await clearStale(endpoint.path);
    try {
      return endpoint.kind === "unix" ? openUnix(endpoint, options) : openTcp(endpoint, options);
    } catch (error) {
      throw refused(endpoint, error);
    }
  }

  /** Takes no new connection; ends when what is being answered is, or after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    const done = this.#server.stop();
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, graceMs);
    await Promise.race([done, late]);
    clearTimeout(timer);
    await this.#server.stop(true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
  }

  /** @internal */
  static of(endpoint: Endpoint, server: HttpServer): HttpEndpoint {
    return new HttpEndpoint(endpoint, server);
  }
}

function serveOptions(endpoint: Endpoint, { handle }: EndpointOptions) {
  return {
    // What is too large is refused by ourselves, with a body that says why; Bun would only cut the connection.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    development: false,
    websocket,
    fetch: (request: Request, server: HttpServer) => handle(request, server, endpoint),
  } as const;
}

function openTcp(endpoint: Endpoint & { kind: "tcp" }, options: EndpointOptions): HttpEndpoint {
  let bound: Endpoint = endpoint;
  const server = Bun.serve({
    ...serveOptions(endpoint, options),
    hostname: endpoint.host,
    port: endpoint.port,
    reusePort: false,
    fetch: (request, self) => options.handle(request, self, bound),
  });
  bound = { ...endpoint, port: server.port ?? endpoint.port };
  return HttpEndpoint.of(bound, server);
}

function openUnix(
  endpoint: Endpoint & { kind: "unix" },
  { mode = 0o600, gid, ...options }: EndpointOptions,
): HttpEndpoint {
  mkdirSync(dirname(endpoint.path), { recursive: true, mode: 0o700 });
  const before = process.umask(0o777 & ~mode);
  try {
    const server = Bun.serve({ ...serveOptions(endpoint, options), unix: endpoint.path });
    if (gid !== undefined) chownSync(endpoint.path, -1, gid);
    // Changing the group may have taken bits away.
    chmodSync(endpoint.path, mode);
    return HttpEndpoint.of(endpoint, server);
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
