import { describe, expect, test } from "bun:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Type } from "@sinclair/typebox";
import { openApiDocument } from "../../../../src/apps/http-api/openapi.ts";
import { jobSchema } from "../../../../src/manager/job-schema.ts";
import type { Route, RouteDoc } from "../../../../src/server/route.ts";

const doc: RouteDoc = { summary: "Do it", access: "nothing", answer: Type.Null() };
const handle = (): Response => new Response();
const route = (line: string, more: Partial<RouteDoc> = {}): Route => {
  const [method = "", path = ""] = line.split(" ");
  if (method !== "GET" && method !== "POST") throw new Error(`no method of this test: ${method}`);
  return { method, path, doc: { ...doc, ...more }, handle };
};

/** A part of the document by its path. */
function partOf(routes: readonly Route[], ...path: readonly string[]): unknown {
  let found: unknown = JSON.parse(JSON.stringify(openApiDocument(routes, { version: "1.2.3", isKeyed: false })));
  for (const name of path) found = Object(found)[name];
  return found;
}
const pathsOf = (...routes: readonly Route[]): string[] =>
  Object.entries(Object(partOf(routes, "paths"))).flatMap(([path, methods]) =>
    Object.keys(Object(methods)).map((method) => `${method} ${path}`),
  );

describe("openApiDocument()", () => {
  test("shows the paths as OpenAPI writes them; one whose last part may be missing is two", () => {
    expect(pathsOf(route("GET /"), route("GET /a/:b/:c#"), route("POST /a/:b/:c#"), route("GET /d/:e?"))).toEqual([
      "get /",
      "get /a/{b}/{c}",
      "post /a/{b}/{c}",
      "get /d",
      "get /d/{e}",
    ]);
    expect(pathsOf(route("GET /site/*"))).toEqual(["get /site/{path}"]);
  });

  test("makes one operation of a number and a name, which OpenAPI can't tell apart", async () => {
    const routes = [
      route("GET /p/:pid#", { query: Type.Object({ a: Type.Boolean() }), answer: Type.Literal(1) }),
      route("GET /p/:name", { summary: "Do that", access: "all", answer: Type.Literal(2) }),
      route("POST /p/:name", { body: { contentType: "application/json", schema: Type.Literal(3) } }),
      // Never taken: the first of its path is.
      route("GET /p/:other", { summary: "Do nothing" }),
    ];
    expect(pathsOf(...routes)).toEqual(["get /p/{pid}", "post /p/{pid}"]);
    expect(partOf(routes, "paths", "/p/{pid}", "get")).toEqual({
      operationId: "getPByPid",
      summary: "Do it; or Do that",
      description: "Needs nothing. Needs all.",
      parameters: [
        {
          name: "pid",
          in: "path",
          required: true,
          description: "pid or name",
          schema: { anyOf: [{ type: "integer", minimum: 0 }, { type: "string" }] },
        },
        { name: "a", in: "query", required: false, schema: { type: "boolean" } },
      ],
      responses: {
        "200": {
          description: "Do it; or Do that",
          content: {
            "application/json": {
              schema: {
                anyOf: [
                  { const: 1, type: "number" },
                  { const: 2, type: "number" },
                ],
              },
            },
          },
        },
        default: { $ref: "#/components/responses/Error" },
      },
    });
    const { valid, errors } = await new Validator().validate({
      ...openApiDocument(routes, { version: "1.2.3", isKeyed: true }),
    });
    expect([valid, errors]).toEqual([true, undefined]);
  });

  test("says a schema with an id once, where it is found by all", () => {
    const id = Type.Object({ a: Type.String() }, { $id: "A" });
    const routes = [route("GET /a", { answer: Type.Array(id) }), route("GET /b", { answer: id })];
    const ref = { $ref: "#/components/schemas/A" };
    const schemaOf = (path: string): unknown =>
      partOf(routes, "paths", path, "get", "responses", "200", "content", "application/json", "schema");
    expect([schemaOf("/a"), schemaOf("/b")]).toEqual([{ type: "array", items: ref }, ref]);
    expect(partOf(routes, "components", "schemas", "A")).toEqual({
      type: "object",
      required: ["a"],
      properties: { a: { type: "string" } },
    });
  });

  test("says of a job's settings what their own fields say", () => {
    const job = Type.Record(Type.String(), Type.Unknown(), { $id: "Job" });
    const routes = [route("POST /a", { body: { contentType: "application/json", schema: job } })];
    expect(partOf(routes, "components", "schemas", "Job")).toEqual(JSON.parse(JSON.stringify(jobSchema())));
  });

  test("says what asks for a key, for a password, for nothing", () => {
    const routes = [route("GET /a"), { ...route("GET /b"), open: true }, route("GET /c", { password: true })];
    const securityOf = (path: string): unknown => partOf(routes, "paths", path, "get", "security");
    expect(["/a", "/b", "/c"].map(securityOf)).toEqual([undefined, [], [{ user: [] }]]);
    expect(partOf(routes, "security")).toEqual([]);
    expect(openApiDocument(routes, { version: "1", isKeyed: true })["security"]).toEqual([{ key: [] }, { bearer: [] }]);
  });

  test("tells of a route that tells nothing of itself", () => {
    const routes: readonly Route[] = [{ method: "GET", path: "/a", handle }];
    expect(partOf(routes, "paths", "/a", "get", "responses", "200")).toEqual({ description: "Of a plugin" });
  });
});
