import type { Endpoint } from "../base/endpoint.ts";
import type { SocketSession } from "./socket.ts";

/** Methods that routes have; HEAD and OPTIONS are answered for each by themselves. */
export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** A request that has found its route. */
export interface RouteRequest {
  /** What the path holds in place of each `:name`. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly raw: Request;
  /** Where it came in. */
  readonly endpoint: Endpoint;
  /** Keeps the connection open however long nothing is sent; for feeds and for answers that are waited for. */
  readonly keepAlive: () => void;
}

/** One method of one path. */
export interface Route {
  readonly method: Method;
  /** `:name` stands for one segment, `:name#` for one of digits only, `:name?` (at the end) for one or none. */
  readonly path: string;
  /** Its answer has no end. */
  readonly endless?: boolean;
  handle(request: RouteRequest): Response | Promise<Response>;
  /** What happens on the websocket that is asked for here; other requests go to {@link handle}. See `socketRoute`. */
  readonly socket?: (request: RouteRequest) => SocketSession;
}
