import { type Endpoint, formatEndpoint, isLocal, originOf } from "../base/endpoint.ts";
import { GafferError } from "../base/gaffer-error.ts";
import { bunClientTls, checkClientTls, type ClientTls } from "./client-tls.ts";
import { connectionFailure } from "./connection-failure.ts";
import { openWebSocket, type WebSocketHandlers } from "./open-web-socket.ts";
import { refusal } from "./refusal.ts";

/** How a daemon is reached. */
export interface DaemonClientOptions {
  readonly endpoint: Endpoint;
  /** Sent with every request. */
  readonly apiKey?: string | undefined;
  /** How TLS is talked, where the endpoint speaks it. */
  readonly tls?: ClientTls | undefined;
}

/** Parameters of a request; what is undefined or false is left out, a list is given several times. */
export type ClientQuery = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** One request. */
export interface ClientRequest {
  /** @defaultValue `GET` */
  readonly method?: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  readonly query?: ClientQuery;
  /** Sent as JSON; a text or bytes as they are. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Waits so many seconds for the end of what the request sets off. */
  readonly wait?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A path of these segments, each made safe. */
export const pathOf = (...segments: readonly (string | number)[]): string =>
  segments.map((segment) => `/${encodeURIComponent(segment)}`).join("");

/** Talks to one daemon, over TCP, TLS or a unix socket. */
export class DaemonClient {
  readonly endpoint: Endpoint;
  readonly #apiKey: string | undefined;
  readonly #tls: ClientTls | undefined;

  /** @throws {@link GafferError} `usage` if a certificate is none */
  constructor({ endpoint, apiKey, tls }: DaemonClientOptions) {
    if (tls !== undefined) checkClientTls(tls);
    this.endpoint = endpoint;
    this.#apiKey = apiKey;
    this.#tls = tls;
  }

  /**
   * Sends a request.
   *
   * @returns its answer, a good one.
   * @throws {@link GafferError} `daemon_unreachable` if nobody answers there; with the daemon's own code and words if it refuses.
   */
  async send(path: string, request: ClientRequest = {}): Promise<Response> {
    const response = await this.#fetch(path, request);
    if (response.ok) return response;
    throw await refusal(response);
  }

  /** Sends a request. @returns the JSON of its answer. @throws {@link GafferError} as {@link send} */
  async json<Body>(path: string, request: ClientRequest = {}): Promise<Body> {
    const response = await this.send(path, request);
    try {
      const body: Body = JSON.parse(await response.text());
      return body;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw await this.#failure(error);
      const where = formatEndpoint(this.endpoint);
      const way = "name its address with --endpoint";
      throw new GafferError(
        "daemon_unreachable",
        `Cannot reach a daemon at ${where}: another program answers there (${way})`,
        { cause: error },
      );
    }
  }

  /** The same, but with this key. */
  withKey(apiKey: string): DaemonClient {
    return new DaemonClient({ endpoint: this.endpoint, tls: this.#tls, apiKey });
  }

  /** Opens a websocket. @param path - with its query. @throws {@link GafferError} as {@link send} */
  async openSocket(path: string, handlers: WebSocketHandlers): Promise<WebSocket> {
    const { endpoint } = this;
    try {
      return await openWebSocket({ endpoint, path, headers: this.#keyHeader, tls: this.#tls }, handlers);
    } catch (error) {
      // Of the answer to a handshake only its status can be seen: a request that asks for the same is told why.
      await this.send(path);
      const where = formatEndpoint(endpoint);
      throw new GafferError("daemon_unreachable", `Cannot open a websocket at ${where}: ${path} is none`, {
        cause: error,
      });
    }
  }

  get #keyHeader(): Record<string, string> {
    return this.#apiKey === undefined ? {} : { "x-api-key": this.#apiKey };
  }

  async #fetch(path: string, request: ClientRequest): Promise<Response> {
    const { endpoint } = this;
    const { method = "GET", signal, body } = request;
    try {
      return await fetch(`${originOf(endpoint)}${path}${queryOf(request)}`, {
        method,
        headers: { ...this.#keyHeader, ...request.headers },
        ...(body === undefined ? {} : { body: isPlain(body) ? body : JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal }),
        ...(endpoint.kind === "unix" ? { unix: endpoint.path } : {}),
        ...(endpoint.kind === "tcp" && endpoint.tls === true ? { tls: bunClientTls(this.#tls ?? {}) } : {}),
        // HTTP_PROXY is for the world: what is asked of a daemon here, and our key, go to nobody else.
        ...(isLocal(endpoint) ? { proxy: false } : {}),
        redirect: "manual",
        // Answers that are waited for, and feeds, take as long as they take.
        timeout: false,
      } as RequestInit);
    } catch (error) {
      throw await this.#failure(error);
    }
  }

  #failure(error: unknown): Promise<unknown> {
    return connectionFailure(error, { endpoint: this.endpoint, tls: this.#tls });
  }
}

const isPlain = (body: unknown): body is string | Uint8Array<ArrayBuffer> =>
  typeof body === "string" || body instanceof Uint8Array;

function queryOf({ query = {}, wait }: ClientRequest): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries<ClientQuery[string]>({ ...query, wait })) {
    if (value === undefined || value === false) continue;
    const each = typeof value === "object" ? value : [value === true ? "1" : String(value)];
    for (const one of each) parameters.append(name, one);
  }
  return parameters.size === 0 ? "" : `?${parameters.toString()}`;
}
