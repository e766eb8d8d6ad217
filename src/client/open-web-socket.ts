import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Endpoint, originOf } from "../base/endpoint.ts";
import { bunClientTls, type ClientTls } from "./client-tls.ts";

/** Where a websocket leads, and who asks for it. */
export interface WebSocketTarget {
  readonly endpoint: Endpoint;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: ClientTls | undefined;
}

/** Who hears what comes. */
export interface WebSocketHandlers {
  readonly onMessage: (data: string | Uint8Array) => void;
  /** Called once, when it has closed, whoever closed it. */
  readonly onClose: (end: SocketEnd) => void;
}

/** How a websocket ended. @see RFC 6455 §7.4 */
export interface SocketEnd {
  /** 1006 = the connection was lost. */
  readonly code: number;
  readonly reason: string;
}

/**
 * Opens a websocket, over TCP, TLS or a unix socket.
 *
 * @throws Error if that fails: why is not told by it.
 */
export async function openWebSocket(target: WebSocketTarget, handlers: WebSocketHandlers): Promise<WebSocket> {
  using address = webSocketAddress(target);
  const { endpoint, headers } = target;
  const tls = endpoint.kind === "tcp" && endpoint.tls === true ? { tls: bunClientTls(target.tls ?? {}) } : {};
  const socket = new WebSocket(address.url, { headers, ...tls });
  socket.binaryType = "arraybuffer";
  const { promise, resolve: opened, reject } = Promise.withResolvers<void>();
  let isOpen = false;
  // A first message may come with the answer itself.
  socket.addEventListener("message", ({ data }) => handlers.onMessage(piece(data)));
  socket.addEventListener("open", () => {
    isOpen = true;
    opened();
  });
  socket.addEventListener("error", () => reject(new Error("it could not be opened")));
  socket.addEventListener("close", ({ code, reason }) => {
    reject(new Error(`it was closed with ${code}`));
    if (isOpen) handlers.onClose({ code, reason });
  });
  await promise;
  return socket;
}

/** How long the other end has to say goodbye, in milliseconds. */
const GOODBYE_MS = 2000;

/** Closes a websocket; one whose other end does not answer is cut. */
export function closeWebSocket(socket: WebSocket, { code, reason }: SocketEnd): void {
  socket.close(code, reason);
  const timer = setTimeout(() => socket.terminate(), GOODBYE_MS);
  socket.addEventListener("close", () => clearTimeout(timer));
}

function piece(data: unknown): string | Uint8Array {
  if (typeof data === "string") return data;
  return data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array();
}

interface Address extends Disposable {
  readonly url: string;
}

/** Characters of a path that a URL holds as they are, and that do not end it. */
const plainPath = /^[A-Za-z0-9_./-]+$/;

/** @see https://bun.com/docs/runtime/http/websockets `ws+unix:`, which takes a path up to the next colon, undecoded */
function webSocketAddress({ endpoint, path }: WebSocketTarget): Address {
  if (endpoint.kind === "tcp")
    return { url: `${originOf(endpoint).replace(/^http/, "ws")}${path}`, [Symbol.dispose]: () => undefined };
  const file = resolve(endpoint.path);
  if (plainPath.test(file)) return { url: `ws+unix://${file}:${path}`, [Symbol.dispose]: () => undefined };
  // What no URL can hold is reached by a plain name for as long as the connection is being made.
  const folder = mkdtempSync(join(tmpdir(), "gaffer-"));
  const plain = join(folder, "s");
  symlinkSync(file, plain);
  return { url: `ws+unix://${plain}:${path}`, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}
