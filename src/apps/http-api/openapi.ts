import { type TSchema, Type } from "@sinclair/typebox";
import { readQuery } from "../../server/query.ts";
import type { Route } from "../../server/route.ts";
import { fields } from "../control/arguments.ts";
import { JOB_SCHEMAS } from "./job-schemas.ts";
import { type Json, operationOf, type ShownRoute } from "./openapi-operation.ts";
import { SchemaComponents } from "./schema-components.ts";

const errorSchema: TSchema = Type.Object(
  {
    error: Type.String({ description: "The word of gaffer 0.5 for it" }),
    errno: Type.Integer({ description: "The HTTP status" }),
    message: Type.String({ description: "For people" }),
    code: Type.String({ description: "Which case of error it is" }),
    details: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  { $id: "Error" },
);

/** What a document is made for. */
export interface DocumentOptions {
  /** Of this gaffer. */
  readonly version: string;
  /** Whether a key is asked for where it is read. */
  readonly isKeyed: boolean;
}

const DESCRIPTION =
  "Control, watch and launch applications and jobs. Every GET is a HEAD, too; OPTIONS tells the methods of a path.";

/**
 * The API as an OpenAPI 3.1 document, made from the routes that serve it and the schemas that check its requests.
 *
 * @see OpenAPI Specification 3.1.0
 */
export function openApiDocument(routes: readonly Route[], { version, isKeyed }: DocumentOptions): Json {
  const components = new SchemaComponents(JOB_SCHEMAS);
  const refer = (schema: TSchema): unknown => components.refer(schema);
  const paths: Record<string, Record<string, Json>> = {};
  for (const [first, ...others] of operationsOf(routes)) {
    const path = (paths[first.path] ??= {});
    path[first.route.method.toLowerCase()] = operationOf([first, ...others], refer);
  }
  const error = { description: "It was refused; nothing has changed", content: json(refer(errorSchema)) };
  return {
    openapi: "3.1.0",
    info: { title: "gaffer", version, description: DESCRIPTION },
    paths,
    components: { schemas: components.schemas, responses: { Error: error }, securitySchemes },
    security: isKeyed ? [{ key: [] }, { bearer: [] }] : [],
  };
}

const json = (schema: unknown): Json => ({ "application/json": { schema } });

const securitySchemes: Json = {
  key: { type: "apiKey", in: "header", name: "X-Api-Key" },
  bearer: { type: "http", scheme: "bearer" },
  user: { type: "http", scheme: "basic" },
};

/** The routes by method and path; paths that differ only in the names of what they name are one to OpenAPI, and bear those of the first. */
function operationsOf(routes: readonly Route[]): Iterable<[ShownRoute, ...ShownRoute[]]> {
  const paths = new Map<string, string>();
  const known = new Map<string, [ShownRoute, ...ShownRoute[]]>();
  for (const route of routes) {
    for (const path of pathsOf(route.path)) {
      const form = path.replace(/\{\w+\}/g, "{}");
      const first = paths.get(form) ?? path;
      paths.set(form, first);
      const operation = known.get(`${route.method} ${form}`);
      if (operation === undefined) known.set(`${route.method} ${form}`, [{ path: first, route }]);
      else if (isOther(operation, route)) operation.push({ path, route });
    }
  }
  return known.values();
}

/** Of two of the same path, only the earlier one is ever taken. */
const isOther = (operation: readonly ShownRoute[], { path }: Route): boolean =>
  operation.every(({ route }) => shapeOf(route.path) !== shapeOf(path));

const shapeOf = (path: string): string => path.replace(/:\w+/g, ":");

/** `/jobs/{session}`; of a path whose last part may be missing, both. */
function pathsOf(path: string): string[] {
  const whole = path.replace(/:(\w+)[#?]?/g, "{$1}").replace(/\*$/, "{path}");
  return path.endsWith("?") ? [whole.slice(0, whole.lastIndexOf("/")), whole] : [whole];
}

const table = Type.Record(Type.String(), Type.Unknown());
const security = Type.Array(table);
const noParameters = fields({});

/** The route that gives the document. @param routes - all there are when it is asked for */
export const openApiRoute = (routes: () => readonly Route[], version: string): Route => ({
  method: "GET",
  path: "/openapi.json",
  doc: {
    summary: "This document",
    access: "a key, where keys are required",
    query: noParameters,
    answer: Type.Object({ openapi: Type.String(), info: table, paths: table, components: table, security }),
  },
  handle: ({ caller, query }) => {
    readQuery(query, noParameters);
    return Response.json(openApiDocument(routes(), { version, isKeyed: caller.keyId !== undefined }));
  },
});
