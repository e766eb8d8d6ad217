import { GafferError } from "../base/gaffer-error.ts";
import type { Method, Route } from "./route.ts";

/** A route and what the path holds for it. */
export interface Match {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

interface Known {
  readonly route: Route;
  /** Of its parameters, in the order of the path. */
  readonly names: readonly string[];
}

/** What may follow at one place of a path. */
class Node {
  readonly literals = new Map<string, Node>();
  /** A segment of digits only. */
  digits: Node | undefined;
  any: Node | undefined;
  /** Routes that take all that follows. */
  readonly rest: Known[] = [];
  /** Routes whose path ends here. */
  readonly ends: Known[] = [];
}

/** A way through the paths that fits. */
interface Way {
  readonly known: readonly Known[];
  readonly values: readonly string[];
}

/** Paths that are remembered, and how long they may be: whoever asks for many others must not fill our memory. */
const [MOST_LATELY, LONGEST_LATELY] = [256, 200];

/** Finds the route of a request: what stands there literally goes before digits, those before anything, that before the rest of a path. */
export class Router {
  readonly #root = new Node();
  readonly #routes: Route[] = [];
  /** Ways of paths that were asked for lately: programs ask for the same again and again. */
  readonly #lately = new Map<string, readonly Way[]>();

  /** @param routes - of two of the same method and path, the earlier one is taken. */
  constructor(routes: readonly Route[] = []) {
    this.add(routes);
  }

  /** All it knows, in the order they were added. */
  get routes(): readonly Route[] {
    return this.#routes;
  }

  /** Knows these, too. */
  add(routes: readonly Route[]): void {
    this.#routes.push(...routes);
    this.#lately.clear();
    for (const route of routes) {
      const segments = route.path.split("/").slice(1);
      this.#insert(route, segments);
      if (route.path.endsWith("?")) this.#insert(route, segments.slice(0, -1));
    }
  }

  #insert(route: Route, segments: readonly string[]): void {
    const names: string[] = [];
    let node = this.#root;
    for (const segment of segments) {
      if (segment === "*") {
        node.rest.push({ route, names: [...names, "*"] });
        return;
      }
      if (segment.startsWith(":")) names.push(segment.slice(1).replace(/[#?]$/, ""));
      node = nodeAfter(node, segment);
    }
    node.ends.push({ route, names });
  }

  /**
   * The route of a method and path.
   *
   * @throws {@link GafferError} `route_not_found`, `method_not_allowed` (`details.allow` lists those there are), `bad_request` if the
   * path is not legal text.
   */
  find(method: string, path: string): Match {
    const ways = this.#waysOf(path);
    const wanted = method === "HEAD" ? "GET" : method;
    for (const { known, values } of ways) {
      const match = known.find(({ route }) => route.method === wanted);
      if (match !== undefined) return { route: match.route, params: paramsOf(match.names, values) };
    }
    const allow = allowed(ways);
    if (allow.length === 0) throw new GafferError("route_not_found", `Cannot ${method} ${path}: there is no such path`);
    throw new GafferError("method_not_allowed", `Cannot ${method} ${path}: it takes ${allow.join(", ")}`, {
      details: { allow },
    });
  }

  /** Methods of a path; none = no such path. */
  methodsOf(path: string): string[] {
    return allowed(this.#waysOf(path));
  }

  /** A route of this method whose path could be meant by the same requests; one that takes whatever no other does gives way. */
  clashing({ method, path }: Route): Route | undefined {
    const example = path.replace(/:[^/]*#/g, "1").replace(/:[^/]*|\*$/g, "x");
    const routes = this.#waysOf(example).flatMap(({ known }) => known.map(({ route }) => route));
    return routes.find((route) => route.method === method && (!route.path.endsWith("*") || route.path === path));
  }

  #waysOf(path: string): readonly Way[] {
    const known = this.#lately.get(path);
    if (known !== undefined) return known;
    const ways = this.#look(path);
    if (this.#lately.size >= MOST_LATELY) this.#lately.clear();
    if (path.length <= LONGEST_LATELY) this.#lately.set(path, ways);
    return ways;
  }

  #look(path: string): Way[] {
    const ways: Way[] = [];
    const raw = path.split("/").slice(1);
    if (!path.startsWith("/")) return ways;
    const segments = path.includes("%") ? raw.map(decode) : raw;
    const walk = (node: Node, at: number, values: readonly string[]): void => {
      const segment = segments[at];
      if (segment === undefined) {
        if (node.ends.length > 0) ways.push({ known: node.ends, values });
        return;
      }
      const literal = node.literals.get(segment);
      if (literal !== undefined) walk(literal, at + 1, values);
      if (node.digits !== undefined && /^\d+$/.test(segment)) {
        walk(node.digits, at + 1, [...values, segment]);
      }
      if (node.any !== undefined && segment !== "") walk(node.any, at + 1, [...values, segment]);
      if (node.rest.length > 0) ways.push({ known: node.rest, values: [...values, raw.slice(at).join("/")] });
    };
    walk(this.#root, 0, []);
    return ways;
  }
}

function nodeAfter(node: Node, segment: string): Node {
  if (segment.endsWith("#")) return (node.digits ??= new Node());
  if (segment.startsWith(":")) return (node.any ??= new Node());
  const next = node.literals.get(segment) ?? new Node();
  node.literals.set(segment, next);
  return next;
}

/** In the order that `Allow` names them. */
const METHODS: readonly Method[] = ["GET", "POST", "PUT", "DELETE"];

function allowed(ways: readonly Way[]): string[] {
  const there = new Set(ways.flatMap(({ known }) => known.map(({ route }) => route.method)));
  if (there.size === 0) return [];
  return [...METHODS.filter((method) => there.has(method)), ...(there.has("GET") ? ["HEAD"] : []), "OPTIONS"];
}

const paramsOf = (names: readonly string[], values: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name, index) => [name, values[index] ?? ""]));

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    throw new GafferError("bad_request", `Cannot read path segment ${JSON.stringify(segment)}: it is no URL text`, {
      cause: error,
    });
  }
}
