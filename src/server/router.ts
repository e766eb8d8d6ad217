import { GafferError } from "../base/gaffer-error.ts";
import type { Method, Route } from "./route.ts";

/** A route and what the path holds for it. */
export interface Match {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

interface Known {
  readonly route: Route;
  readonly segments: readonly string[];
  readonly optional: boolean;
}

/** Finds the route of a request. */
export class Router {
  readonly #routes: readonly Known[];

  /** @param routes - of two that match, the earlier one is taken. */
  constructor(routes: readonly Route[]) {
    this.#routes = routes.map((route) => ({
      route,
      segments: route.path.split("/"),
      optional: route.path.endsWith("?"),
    }));
  }

  /**
   * The route of a method and path.
   *
   * @throws {@link GafferError} `route_not_found`, `method_not_allowed` (`details.allow` lists those there are), `bad_request` if the
   * path is not legal text.
   */
  find(method: string, path: string): Match {
    const segments = path.split("/").map(decode);
    const matches = this.#routes.flatMap((known) => {
      const params = paramsOf(known, segments);
      return params === undefined ? [] : [{ route: known.route, params }];
    });
    const wanted = method === "HEAD" ? "GET" : method;
    const match = matches.find(({ route }) => route.method === wanted);
    if (match !== undefined) return match;
    if (matches.length === 0) {
      throw new GafferError("route_not_found", `Cannot ${method} ${path}: there is no such path`);
    }
    const allow = allowed(matches.map(({ route }) => route.method));
    throw new GafferError("method_not_allowed", `Cannot ${method} ${path}: it takes ${allow.join(", ")}`, {
      details: { allow },
    });
  }

  /** Methods of a path; none = no such path. */
  methodsOf(path: string): string[] {
    const segments = path.split("/").map(decode);
    const known = this.#routes.filter((one) => paramsOf(one, segments) !== undefined);
    return known.length === 0 ? [] : allowed(known.map(({ route }) => route.method));
  }
}

function allowed(methods: readonly Method[]): string[] {
  const head = methods.includes("GET") ? ["HEAD"] : [];
  return [...new Set([...methods, ...head, "OPTIONS"])];
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    throw new GafferError("bad_request", `Cannot read path segment ${JSON.stringify(segment)}: it is no URL text`, {
      cause: error,
    });
  }
}

function paramsOf({ segments, optional }: Known, path: readonly string[]): Record<string, string> | undefined {
  if (path.length !== segments.length && !(optional && path.length === segments.length - 1)) return undefined;
  const params: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const given = path[index];
    if (!segment.startsWith(":")) {
      if (given !== segment) return undefined;
      continue;
    }
    if (given === undefined) continue;
    if (given === "" || (segment.endsWith("#") && !/^(0|[1-9]\d{0,14})$/.test(given))) return undefined;
    params[segment.slice(1).replace(/[#?]$/, "")] = given;
  }
  return params;
}
