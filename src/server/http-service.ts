import type { Caller } from "../base/caller.ts";
import type { Endpoint } from "../base/endpoint.ts";
import { GafferError } from "../base/gaffer-error.ts";
import { errorBody } from "../wire/error-body.ts";
import type { Gatekeeper } from "./gatekeeper.ts";
import type { HttpAnswer, HttpServer } from "./http-endpoint.ts";
import { refuseLargeBody } from "./request-body.ts";
import type { RouteRequest } from "./route.ts";
import type { Match, Router } from "./router.ts";
import type { SocketSession } from "./socket.ts";
import type { Sockets } from "./sockets.ts";

/** What a service works with. */
export interface HttpServiceOptions {
  readonly router: Router;
  /** Where its websockets belong to. */
  readonly sockets: Sockets;
  /** Of an endpoint; known once that listens. */
  readonly gatekeeper: () => Gatekeeper;
  /** Told of a bug: what the client is only told the word of. */
  readonly onError: (error: unknown) => void;
}

/** Answers requests by their routes; every error is answered with a body that says what it is. */
export class HttpService {
  readonly #options: HttpServiceOptions;

  constructor(options: HttpServiceOptions) {
    this.#options = options;
  }

  /** Answers one request. Never throws. */
  async handle(request: Request, server: HttpServer, endpoint: Endpoint): Promise<HttpAnswer> {
    let headers: Readonly<Record<string, string>> = {};
    try {
      const peer = endpoint.kind === "tcp" ? (server.requestIP(request) ?? undefined) : undefined;
      headers = this.#options.gatekeeper().admit({ headers: request.headers, endpoint, peer });
      const answer = await this.#answer(request, server, endpoint);
      return answer && withHeaders(answer, headers);
    } catch (error) {
      if (!(error instanceof GafferError) || error.status === 0 || error.code === "internal") {
        this.#options.onError(error);
      }
      return withHeaders(errorResponse(error), headers);
    }
  }

  async #answer(request: Request, server: HttpServer, endpoint: Endpoint): Promise<HttpAnswer> {
    const { path, query } = targetOf(request.url);
    const { method } = request;
    if (method === "OPTIONS") return this.#allow(path);
    const { route, params, caller } = this.#find(request, path);
    refuseLargeBody(request);
    const routed: RouteRequest = {
      params,
      query,
      raw: request,
      endpoint,
      caller,
      authenticate: (key) => this.#options.gatekeeper().authenticate(key),
      keepAlive: () => server.timeout(request, 0),
    };
    if (route.socket !== undefined && isUpgrade(request))
      return this.#openSocket(route.socket(routed), request, server);
    const response = await route.handle(routed);
    if (method !== "HEAD") return response;
    // Of an answer without an end Bun sends the head, and cancels it.
    if (route.endless === true) return response;
    if (!response.headers.has("content-length")) await describeBody(response);
    return new Response(null, { status: response.status, headers: response.headers });
  }

  /** @returns nothing: the handshake is the answer. */
  #openSocket(session: SocketSession, request: Request, server: HttpServer): undefined {
    const socket = this.#options.sockets.accept(session);
    if (server.upgrade(request, { data: socket })) return;
    this.#options.sockets.forget(socket);
    throw new GafferError("bad_request", "Cannot open a websocket: the handshake is not that of RFC 6455, version 13");
  }

  #find({ method, headers }: Request, path: string): Match & { readonly caller: Caller } {
    const gatekeeper = this.#options.gatekeeper();
    let match;
    try {
      match = this.#options.router.find(method, path);
    } catch (error) {
      // Whoever needs a key and has none does not learn which paths there are.
      gatekeeper.callerOf(headers, false);
      throw error;
    }
    return { ...match, caller: gatekeeper.callerOf(headers, match.route.open === true) };
  }

  #allow(path: string): Response {
    const methods = this.#options.router.methodsOf(path);
    if (methods.length === 0) throw new GafferError("route_not_found", `Cannot OPTIONS ${path}: there is no such path`);
    return new Response(null, { status: 204, headers: { allow: methods.join(", ") } });
  }
}

/** Nobody writes to a query. */
const NO_QUERY = new URLSearchParams();

/**
 * Path and query of a URL, in which Bun has resolved the dot segments.
 *
 * @param url - may be the path alone, or nothing that `URL` takes: it begins with whatever Host says.
 */
function targetOf(url: string): { path: string; query: URLSearchParams } {
  const [whole = ""] = url.split("#", 1);
  const start = whole.startsWith("/") ? 0 : whole.indexOf("/", whole.indexOf("://") + 3);
  const target = start === -1 ? "/" : whole.slice(start);
  const mark = target.indexOf("?");
  if (mark === -1) return { path: target, query: NO_QUERY };
  return { path: target.slice(0, mark), query: new URLSearchParams(target.slice(mark + 1)) };
}

/** Says of a body what its sending would have said. */
async function describeBody(response: Response): Promise<void> {
  const { headers } = response;
  const { size, type } = await response.blob();
  headers.set("content-length", String(size));
  if (type !== "" && !headers.has("content-type")) headers.set("content-type", type);
}

const isUpgrade = ({ method, headers }: Request): boolean =>
  method === "GET" && headers.get("upgrade")?.toLowerCase() === "websocket";

/** An answer that tells of an error. */
function errorResponse(error: unknown): Response {
  const body = errorBody(error);
  const allow = body.details?.["allow"];
  const headers: Record<string, string> = Array.isArray(allow) ? { allow: allow.join(", ") } : {};
  if (body.code === "upgrade_required") headers["upgrade"] = "websocket";
  // No Basic: a browser would ask its user for a password wherever a page of ours is refused.
  const scheme = body.details?.["scheme"] === "Basic" ? "Basic" : "Bearer";
  if (body.code === "unauthorized") headers["www-authenticate"] = `${scheme} realm="gaffer"`;
  return Response.json(body, { status: body.errno, headers });
}

function withHeaders(response: Response, headers: Readonly<Record<string, string>>): Response {
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}
