import { type TSchema, Type } from "@sinclair/typebox";
import type { BodyDoc, Route, RouteDoc } from "../../server/route.ts";

/** A value of a JSON document. */
export type Json = Readonly<Record<string, unknown>>;

/** A route at one of the paths it is served at, `{name}` standing for what is named. */
export interface ShownRoute {
  readonly path: string;
  readonly route: Route;
}

const text = Type.String();
const digits = Type.Integer({ minimum: 0 });
const nameless: RouteDoc = { summary: "Of a plugin", access: "what the plugin asks for", contentTypes: [] };
const docOf = ({ doc = nameless }: Route): RouteDoc => doc;
const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];

/** A schema of what any of them takes. */
const anyOf = (schemas: readonly TSchema[]): TSchema => {
  const [only = Type.Unknown(), ...others] = unique(schemas);
  return others.length === 0 ? only : Type.Union([only, ...others]);
};

/**
 * An operation of the document.
 *
 * @param shown - the routes of one method whose paths differ only in what they name, such as a number and a name: to OpenAPI they are one.
 * @param refer - gives a schema the form in which the document holds it.
 */
export function operationOf(shown: readonly [ShownRoute, ...ShownRoute[]], refer: (schema: TSchema) => unknown): Json {
  const routes = shown.map(({ route }) => route);
  const docs = routes.map(docOf);
  const [{ path }] = shown;
  const body = bodyOf(docs, refer);
  return {
    operationId: operationId(routes[0]?.method ?? "GET", path),
    summary: unique(docs.map(({ summary }) => summary)).join("; or "),
    description: unique(routes.map(needs)).join(" "),
    ...securityOf(routes),
    parameters: [...pathParameters(shown, refer), ...queryParameters(docs, refer)],
    ...(body === undefined ? {} : { requestBody: body }),
    responses: { ...responsesOf(docs, refer), default: { $ref: "#/components/responses/Error" } },
  };
}

const operationId = (method: string, path: string): string =>
  `${method.toLowerCase()}${path.replace(/\{/g, "by-").replace(/\W+(\w?)/g, (_, next: string) => next.toUpperCase())}`;

function needs(route: Route): string {
  const { access } = docOf(route);
  return access === "none" ? "Needs nothing." : `Needs ${access}.`;
}

/** What the document says for all is left out. */
function securityOf(routes: readonly Route[]): Json {
  if (routes.every((route) => docOf(route).password === true)) return { security: [{ user: [] }] };
  return routes.every(({ open }) => open === true) ? { security: [] } : {};
}

/** Names of what a path names, in its order. */
const namesIn = (path: string): string[] => [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);

function pathParameters(
  shown: readonly [ShownRoute, ...ShownRoute[]],
  refer: (schema: TSchema) => unknown,
): readonly Json[] {
  const kindOf = ({ path, route }: ShownRoute, index: number): TSchema =>
    route.path.includes(`:${namesIn(path)[index]}#`) ? digits : text;
  return namesIn(shown[0].path).map((name, index) => {
    const names = unique(shown.map(({ path }) => namesIn(path)[index]));
    const schema = refer(anyOf(shown.map((one) => kindOf(one, index))));
    const description = names.length > 1 ? { description: names.join(" or ") } : {};
    return { name, in: "path", required: true, ...description, schema };
  });
}

function queryParameters(docs: readonly RouteDoc[], refer: (schema: TSchema) => unknown): readonly Json[] {
  const known = new Map<string, Json>();
  for (const { query } of docs) {
    if (query === undefined) continue;
    for (const [name, schema] of Object.entries<TSchema>(query.properties)) {
      const required = docs.length === 1 && (query.required ?? []).includes(name);
      const description = schema.description === undefined ? {} : { description: schema.description };
      known.set(name, { name, in: "query", required, ...description, schema: refer(schema) });
    }
  }
  return [...known.values()];
}

function bodyOf(docs: readonly RouteDoc[], refer: (schema: TSchema) => unknown): Json | undefined {
  const bodies = docs.flatMap(({ body }) => (body === undefined ? [] : [body]));
  if (bodies.length === 0) return undefined;
  const isNeeded = bodies.length === docs.length && bodies.every(({ isOptional }) => isOptional !== true);
  const schemas = (type: string): TSchema[] => bodies.filter(ofType(type)).map(({ schema }) => schema);
  const types = unique(bodies.map(({ contentType }) => contentType));
  const content = types.map((type) => [type, { schema: refer(anyOf(schemas(type))) }]);
  return { required: isNeeded, content: Object.fromEntries(content) };
}

const ofType =
  (type: string) =>
  ({ contentType }: BodyDoc): boolean =>
    contentType === type;

function responsesOf(docs: readonly RouteDoc[], refer: (schema: TSchema) => unknown): Json {
  const statuses = unique(docs.map(({ status = 200 }) => status));
  const responses = statuses.map((status) => {
    const those = docs.filter((doc) => (doc.status ?? 200) === status);
    const description = unique(those.map(({ summary }) => summary)).join("; or ");
    return [String(status), { description, ...contentOf(those, refer) }];
  });
  return Object.fromEntries(responses);
}

const typesOf = ({ contentTypes = ["application/json"] }: RouteDoc): readonly string[] => contentTypes;

function contentOf(docs: readonly RouteDoc[], refer: (schema: TSchema) => unknown): Json {
  const types = unique(docs.flatMap(typesOf));
  if (types.length === 0) return {};
  const schemas = (type: string): TSchema[] =>
    docs
      .filter((doc) => typesOf(doc).includes(type))
      .map((doc) => (typesOf(doc)[0] === type ? doc.answer : undefined) ?? text);
  return { content: Object.fromEntries(types.map((type) => [type, { schema: refer(anyOf(schemas(type))) }])) };
}
