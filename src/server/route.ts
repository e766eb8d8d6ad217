import type { TObject, TSchema } from "@sinclair/typebox";
import type { Caller } from "../base/caller.ts";
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
  /** Who asks. */
  readonly caller: Caller;
  /** Whose key this is. @throws {@link GafferError} `forbidden` if it is nobody's */
  readonly authenticate: (key: string) => Caller;
  /** Keeps the connection open however long nothing is sent; for feeds and for answers that are waited for. */
  readonly keepAlive: () => void;
}

/** What a body is. */
export interface BodyDoc {
  readonly contentType: string;
  readonly schema: TSchema;
  readonly isOptional?: boolean;
}

/** What a route takes and gives, as the OpenAPI document tells. */
export interface RouteDoc {
  /** One sentence without a period. */
  readonly summary: string;
  /** What the caller needs to be allowed, in words. */
  readonly access: string;
  /** It asks for name and password of a user (HTTP Basic). @defaultValue false */
  readonly password?: boolean;
  readonly query?: TObject;
  readonly body?: BodyDoc;
  /** @defaultValue 200 */
  readonly status?: number;
  /** What the answer is; none = it has no body. @defaultValue `application/json` */
  readonly contentTypes?: readonly string[];
  /** Of an answer of the first of these types; those of others are text. @defaultValue text */
  readonly answer?: TSchema;
}

/** One method of one path. */
export interface Route {
  readonly method: Method;
  /**
   * `:name` stands for one segment, `:name#` for one of digits only, `:name?` (at the end) for one or none, `*` (at the end) for all that
   * follows, still encoded.
   */
  readonly path: string;
  /** Its answer has no end. */
  readonly endless?: boolean;
  /** It is served without a key, too. */
  readonly open?: boolean;
  readonly doc?: RouteDoc;
  readonly handle: (request: RouteRequest) => Response | Promise<Response>;
  /** What happens on the websocket that is asked for here; other requests go to {@link handle}. See `socketRoute`. */
  readonly socket?: (request: RouteRequest) => SocketSession;
}
