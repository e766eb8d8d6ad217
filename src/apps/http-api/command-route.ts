import { GafferError } from "../../base/gaffer-error.ts";
import type { Report } from "../../manager/operation.ts";
import type { Method, Route, RouteRequest } from "../../server/route.ts";
import type { Command, Outcome } from "../control/command.ts";
import type { Control } from "../control/control.ts";
import { refuseUnknownQuery } from "./request-fields.ts";

/** How a route makes a command of a request, and an answer of what came of it. */
export interface CommandRoute {
  readonly method: Method;
  readonly path: string;
  readonly command: Command;
  /** Parameters that {@link args} reads from the query, besides `wait`. */
  readonly query?: readonly string[];
  /** Arguments of the command; they are checked by its schema afterwards. */
  args(request: RouteRequest): unknown;
  /** @defaultValue 200 */
  readonly status?: number;
  /** @defaultValue the body as JSON */
  reply?(body: Outcome["body"]): Response;
}

/** A route, its command still to be given the daemon it works on. */
export type ControlRoute = (control: Control) => Route;

/** The longest that a request waits, in seconds: that of a timer, 2³¹ − 1 ms. */
const LONGEST_WAIT = 2_147_483;

/** A route that carries a command out; with `?wait=SECONDS` it answers when what that set off is over. */
export const commandRoute =
  (route: CommandRoute): ControlRoute =>
  (control) => ({
    method: route.method,
    path: route.path,
    handle: async (request) => {
      refuseUnknownQuery(request.query, ["wait", ...(route.query ?? [])]);
      const waitMs = readWait(request.query);
      const outcome = await control.execute(route.command, await route.args(request));
      const body = waitMs === undefined ? outcome.body : await awaitEnd(outcome, waitMs, request);
      const { status = 200 } = route;
      return route.reply?.(body) ?? Response.json(body, { status });
    },
  });

function readWait(query: URLSearchParams): number | undefined {
  const text = query.get("wait");
  if (text === null) return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Infinity;
  if (seconds <= LONGEST_WAIT) return seconds * 1000;
  throw new GafferError("bad_request", `Cannot wait ${JSON.stringify(text)}: it takes seconds, such as 10 or 0.5`);
}

async function awaitEnd({ body, done }: Outcome, waitMs: number, request: RouteRequest): Promise<Outcome["body"]> {
  if (done === undefined) return body;
  request.keepAlive();
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), waitMs);
  const gone = (): void => resolve(undefined);
  request.raw.signal.addEventListener("abort", gone);
  try {
    const report: Report | undefined = await Promise.race([done, late]);
    if (report !== undefined) return { ...body, ...report };
    throw new GafferError(
      "stop_timeout",
      `Cannot tell the end: it was not reached in ${waitMs / 1000} s; what was begun goes on`,
      { details: body },
    );
  } finally {
    clearTimeout(timer);
    request.raw.signal.removeEventListener("abort", gone);
  }
}
