import type { Endpoint } from "../base/endpoint.ts";
import { GafferError } from "../base/gaffer-error.ts";
import { errorBody } from "../wire/error-body.ts";
import type { HttpServer } from "./http-endpoint.ts";
import type { Route } from "./route.ts";
import { Router } from "./router.ts";

/** A request and where it comes from. */
export interface Caller {
  readonly request: Request;
  readonly endpoint: Endpoint;
  /** Address of the other end of a TCP connection. */
  readonly peer: { readonly address: string; readonly port: number } | undefined;
}

/** What a service works with. */
export interface HttpServiceOptions {
  readonly routes: readonly Route[];
  /**
   * Lets a request in, or throws what keeps it out.
   *
   * @returns headers for its answer.
   */
  admit(caller: Caller): Readonly<Record<string, string>>;
  /** Told of a bug: what the client is only told the word of. */
  onError(error: unknown): void;
}

/** Answers requests by their routes; every error is answered with a body that says what it is. */
export class HttpService {
  readonly #router: Router;
  readonly #options: HttpServiceOptions;

  constructor(options: HttpServiceOptions) {
    this.#options = options;
    this.#router = new Router(options.routes);
  }

  /** Answers one request. Never throws. */
  async handle(request: Request, server: HttpServer, endpoint: Endpoint): Promise<Response> {
    let headers: Readonly<Record<string, string>> = {};
    try {
      const peer = server.requestIP(request) ?? undefined;
      headers = this.#options.admit({ request, endpoint, peer });
      return withHeaders(await this.#answer(request, server, endpoint), headers);
    } catch (error) {
      if (!(error instanceof GafferError) || error.status === 0 || error.code === "internal") {
        this.#options.onError(error);
      }
      return withHeaders(errorResponse(error), headers);
    }
  }

  async #answer(request: Request, server: HttpServer, endpoint: Endpoint): Promise<Response> {
    const url = new URL(request.url);
    const { method } = request;
    if (method === "OPTIONS") return this.#allow(url.pathname);
    const { route, params } = this.#router.find(method, url.pathname);
    const response = await route.handle({
      params,
      query: url.searchParams,
      raw: request,
      endpoint,
      keepAlive: () => server.timeout(request, 0),
    });
    if (method !== "HEAD") return response;
    if (route.endless === true) await response.body?.cancel();
    else response.headers.set("content-length", String((await response.arrayBuffer()).byteLength));
    return new Response(null, { status: response.status, headers: response.headers });
  }

  #allow(path: string): Response {
    const methods = this.#router.methodsOf(path);
    if (methods.length === 0) throw new GafferError("route_not_found", `Cannot OPTIONS ${path}: there is no such path`);
    return new Response(null, { status: 204, headers: { allow: methods.join(", ") } });
  }
}

/** An answer that tells of an error. */
export function errorResponse(error: unknown): Response {
  const body = errorBody(error);
  const allow = body.details?.["allow"];
  const headers = Array.isArray(allow) ? { allow: allow.join(", ") } : {};
  return Response.json(body, { status: body.errno, headers });
}

function withHeaders(response: Response, headers: Readonly<Record<string, string>>): Response {
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}
