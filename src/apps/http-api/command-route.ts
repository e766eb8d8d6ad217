import { type TObject, type TSchema, Type } from "@sinclair/typebox";
import { GafferError } from "../../base/gaffer-error.ts";
import type { Report } from "../../manager/operation.ts";
import { readQuery } from "../../server/query.ts";
import { readBody } from "../../server/request-body.ts";
import type { BodyDoc, Method, Route, RouteDoc, RouteRequest } from "../../server/route.ts";
import { fields } from "../control/arguments.ts";
import type { Command, Outcome } from "../control/command.ts";
import type { Control } from "../control/control.ts";
import { reportResult } from "../control/results.ts";
import { besidePath, bodyFields, optionalBodyFields, processIdOf } from "./request-fields.ts";

/**
 * How a body gives arguments: it has none; its fields are the arguments that path and query leave, and may be left out altogether; the
 * whole of it, JSON or bytes, is one argument.
 */
export type BodyUse = "none" | "fields" | "optional-fields" | { readonly json: string } | { readonly bytes: string };

/** How a route makes a command of a request, and an answer of what came of it. */
export interface CommandRoute {
  readonly method: Method;
  /** Its `:session/:job` is the argument `name`; any other parameter is the argument of its own name. */
  readonly path: string;
  readonly command: Command;
  /** Arguments that the query gives. @defaultValue none */
  readonly query?: readonly string[];
  /** @defaultValue `none` */
  readonly body?: BodyUse;
  /** Arguments that the path or the query give under other names, or by themselves. */
  readonly args?: (request: RouteRequest) => Readonly<Record<string, unknown>>;
  /** @defaultValue 200 */
  readonly status?: number;
  /** Another form of the answer. @defaultValue the body as JSON */
  readonly reply?: {
    readonly make: (body: Outcome["body"]) => Response;
    readonly doc: Pick<RouteDoc, "contentTypes" | "answer">;
  };
}

/** A route, its command still to be given the daemon it works on. */
export type ControlRoute = (control: Control) => Route;

/** The longest that a request waits, in seconds: that of a timer, 2³¹ − 1 ms. */
const LONGEST_WAIT = 2_147_483;

/** The parameter of commands that have an end. */
export const wait: TSchema = Type.Optional(
  Type.Number({
    minimum: 0,
    maximum: LONGEST_WAIT,
    description: "it is the seconds to wait for the end, such as 10 or 0.5",
  }),
);

/** An answer with what `wait` adds to it. */
export const withReport = (result: TSchema): TSchema => Type.Intersect([result, reportResult]);

/** A route that carries a command out; with `?wait=SECONDS` it answers when what that set off is over. */
export const commandRoute = (route: CommandRoute): ControlRoute => {
  const querySchema = querySchemaOf(route);
  const doc = docOf(route, querySchema);
  return (control) => ({
    method: route.method,
    path: route.path,
    doc,
    handle: async (request) => {
      const { wait: seconds, ...query } = readQuery(request.query, querySchema);
      const path = { ...pathFields(request.params), ...query, ...route.args?.(request) };
      const args = route.body === undefined ? path : await argumentsOf(route.body, path, request);
      const outcome = await control.execute(route.command, args, request.caller);
      const body = typeof seconds === "number" ? await awaitEnd(outcome, seconds * 1000, request) : outcome.body;
      const { status = 200, reply } = route;
      return reply?.make(body) ?? Response.json(body, { status });
    },
  });
};

/** @param path - the arguments that path and query give. */
async function argumentsOf(
  body: BodyUse,
  path: Readonly<Record<string, unknown>>,
  request: RouteRequest,
): Promise<unknown> {
  if (body === "none") return path;
  if (body === "fields") return besidePath(path, await bodyFields(request));
  if (body === "optional-fields") return besidePath(path, await optionalBodyFields(request));
  return "json" in body
    ? { ...path, [body.json]: await bodyFields(request) }
    : { ...path, [body.bytes]: await readBody(request.raw) };
}

/** The arguments that a path gives: `:session/:job` names a job, `:pid` is a number. */
function pathFields({ session, job, pid, ...others }: RouteRequest["params"]): Record<string, unknown> {
  return {
    ...others,
    ...(job === undefined ? (session === undefined ? {} : { session }) : { name: `${session}.${job}` }),
    ...(pid === undefined ? {} : { pid: processIdOf(pid) }),
  };
}

const pick = (properties: TObject["properties"], names: readonly string[]): TObject["properties"] =>
  Object.fromEntries(Object.entries(properties).filter(([name]) => names.includes(name)));

const querySchemaOf = ({ command, query = [] }: CommandRoute): TObject =>
  fields({ ...(command.hasEnd === true ? { wait } : {}), ...pick(command.args.properties, query) });

/** What the API's document says of a command's route; it follows from the command. */
function docOf(route: CommandRoute, query: TObject): RouteDoc {
  const { command, status = 200, reply } = route;
  const body = bodyDocOf(route);
  return {
    summary: command.summary,
    access: `${command.permission} of what is named`,
    query,
    ...(body === undefined ? {} : { body }),
    status,
    answer: command.hasEnd === true ? withReport(command.result) : command.result,
    ...reply?.doc,
  };
}

function bodyDocOf({ command, path, query = [], body = "none" }: CommandRoute): BodyDoc | undefined {
  const { properties } = command.args;
  if (body === "none") return undefined;
  if (typeof body === "object") {
    const [name, contentType] =
      "json" in body ? [body.json, "application/json"] : [body.bytes, "application/octet-stream"];
    const schema = properties[name] ?? Type.Unknown();
    return {
      contentType,
      schema: "json" in body ? schema : Type.String({ contentMediaType: "application/octet-stream" }),
    };
  }
  const named = /:job\b/.test(path) ? ["name"] : [...path.matchAll(/:(\w+)/g)].map(([, name = ""]) => name);
  const rest = Object.keys(properties).filter((name) => !named.includes(name) && !query.includes(name));
  const schema = Type.Object(pick(properties, rest), {
    additionalProperties: command.args.additionalProperties ?? false,
  });
  return { contentType: "application/json", schema, isOptional: body === "optional-fields" };
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
