import { type TSchema, Type } from "@sinclair/typebox";
import type { Route, RouteDoc } from "../../server/route.ts";

/** A value of a JSON document. */
type Json = Readonly<Record<string, unknown>>;

const errorSchema: TSchema = Type.Object({
  error: Type.String({ description: "The word of gaffer 0.5 for it" }),
  errno: Type.Integer({ description: "The HTTP status" }),
  message: Type.String({ description: "For people" }),
  code: Type.String({ description: "Which case of error it is" }),
  details: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});

const ERROR = { $ref: "#/components/responses/Error" };

/**
 * The API as an OpenAPI 3.1 document, made from the routes that serve it and the schemas that check its requests.
 *
 * @param version - of this gaffer.
 * @see OpenAPI Specification 3.1.0
 */
export function openApiDocument(routes: readonly Route[], version: string): Json {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    for (const path of pathsOf(route.path)) {
      const known = (paths[path] ??= {});
      known[route.method.toLowerCase()] ??= operation(route, path);
    }
  }
  return {
    openapi: "3.1.0",
    info: { title: "gaffer", version, description: "Control, watch and launch applications and jobs" },
    paths,
    components: {
      responses: { Error: { description: "It was refused; nothing has changed", content: json(errorSchema) } },
      securitySchemes: {
        key: { type: "apiKey", in: "header", name: "X-Api-Key" },
        bearer: { type: "http", scheme: "bearer" },
        user: { type: "http", scheme: "basic" },
      },
    },
    security: [{}, { key: [] }, { bearer: [] }],
  };
}

/** `/jobs/{session}`; of a path whose last part may be missing, both. */
function pathsOf(path: string): string[] {
  const whole = path.replace(/:(\w+)[#?]?/g, "{$1}").replace(/\*$/, "{path}");
  return path.endsWith("?") ? [whole.slice(0, whole.lastIndexOf("/")), whole] : [whole];
}

function operation({ method, path, doc, open = false }: Route, shown: string): Json {
  const { summary = "Of a plugin", access = "manage of everything", query, body } = doc ?? {};
  return {
    operationId: `${method.toLowerCase()}${shown.replace(/\W+(\w?)/g, (_, next: string) => next.toUpperCase())}`,
    summary,
    description: `Needs ${access}.`,
    ...(open ? { security: [{}] } : {}),
    parameters: [...pathParameters(path, shown), ...queryParameters(query)],
    ...(body === undefined
      ? {}
      : {
          requestBody: { required: body.isOptional !== true, content: { [body.contentType]: { schema: body.schema } } },
        }),
    responses: { [doc?.status ?? 200]: { description: summary, ...answerContent(doc) }, default: ERROR },
  };
}

const json = (schema: TSchema): Json => ({ "application/json": { schema } });

function answerContent(doc: RouteDoc | undefined): Json {
  if (doc === undefined) return {};
  const { contentTypes = ["application/json"], answer } = doc;
  const schema = answer ?? { type: "string" };
  return { content: Object.fromEntries(contentTypes.map((type) => [type, { schema }])) };
}

function pathParameters(path: string, shown: string): Json[] {
  const names = [...shown.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  return names.map((name) => ({
    name,
    in: "path",
    required: true,
    schema: path.includes(`:${name}#`) ? { type: "integer", minimum: 0 } : { type: "string" },
  }));
}

function queryParameters(query: RouteDoc["query"]): Json[] {
  if (query === undefined) return [];
  const required = query.required ?? [];
  return Object.entries<TSchema>(query.properties).map(([name, schema]) => ({
    name,
    in: "query",
    required: required.includes(name),
    ...(schema.description === undefined ? {} : { description: schema.description }),
    schema,
  }));
}

/** The route that gives the document. @param routes - all there are when it is asked for */
export const openApiRoute = (routes: () => readonly Route[], version: string): Route => ({
  method: "GET",
  path: "/openapi.json",
  doc: {
    summary: "This document",
    access: "a key, where keys are required",
    answer: Type.Object({ openapi: Type.String(), paths: Type.Record(Type.String(), Type.Unknown()) }),
  },
  handle: () => Response.json(openApiDocument(routes(), version)),
});
