import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { ApiDocument, type Operation, type Parameter, type Schema } from "../support/api-document.ts";
import { type NamedValues, SchemaValues } from "../support/schema-values.ts";
import { type Place, WalkedDaemon } from "../support/walked-daemon.ts";

setDefaultTimeout(120_000);

const METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH"];
const MOST_BYTES = 1_048_576;

/** Paths whose parameters name something else than those of the same name elsewhere. */
const ELSEWHERE: Readonly<Record<string, NamedValues>> = {
  "/_plugin/": { name: "pages", path: "index.html" },
  "/watch/": { what: "proc", event: "spawn" },
};

/** What a path can name although it is not there: it is made, or waited for. */
const MADE: ReadonlySet<string> = new Set([
  "POST /jobs/{session} session",
  "PUT /sessions/{session} session",
  "GET /watch/{what}/{name} name",
  "GET /watch/{what}/{name}/{event} name",
]);
/** Parameters of a path that say how much or what, and name nothing. */
const NO_NAMES: ReadonlySet<string> = new Set(["signal", "scale", "what", "event"]);

/** An operation that ends the daemon is the last. */
const isLast = ({ path }: Operation): boolean => path === "/shutdown";
const isOpen = ({ security }: Operation): boolean => security?.length === 0;
/** Some of its answers wait for what happens. */
const isFeed = ({ responses }: Operation): boolean =>
  Object.values(responses).some(({ content }) => content !== undefined && "text/event-stream" in content);
const isSocket = ({ responses }: Operation): boolean => "101" in responses;

/** An answer as it came. */
interface Got {
  readonly status: number;
  readonly type: string;
  readonly headers: Headers;
  readonly text: string;
}

/** What may be said in paths, queries and bodies, by name. */
const namesAt = ({ method, path }: Operation, at: Place): NamedValues => {
  const isNew = method === "POST";
  const [, elsewhere = {}] = Object.entries(ELSEWHERE).find(([start]) => path.startsWith(start)) ?? [];
  return {
    ...at,
    stream: isNew ? "aux" : "stdout",
    group: at.session,
    id: at.pid,
    cmd: "sleep 1000",
    scale: 1,
    signal: "CONT",
    event: "exit",
    password: "a new password",
    jobs: [{ name: "a", cmd: "sleep 1000" }],
    since: "0",
    wait: 20,
    heartbeat: 1,
    pattern: ".",
    parent: at.key,
    ...elsewhere,
    // A body of POST makes something new.
    inBody: isNew
      ? { name: `${at.session}.b`, username: `${at.username}b`, url: `${at.url}b`, key: at.key, parent: at.key }
      : { name: "a" },
  };
};

/** The path of an operation, with what is named in it. */
const pathAt = ({ path, parameters }: Operation, names: NamedValues): string =>
  parameters
    .filter((parameter) => parameter.in === "path")
    .reduce((made, { name }) => {
      const value = names[name];
      if (typeof value !== "string" && typeof value !== "number")
        throw new Error(`${path}: this test does not know a value for {${name}}`);
      return made.replace(`{${name}}`, encodeURIComponent(`${value}`));
    }, path);

/** The body of an operation, in the first form it may have. */
const bodyOf = ({ requestBody }: Operation): { type: string; schema: Schema } | undefined => {
  const [type, content] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  return type === undefined || content === undefined ? undefined : { type, schema: content.schema };
};

const encode = (type: string, value: unknown): string =>
  type.includes("json") ? JSON.stringify(value) : String(value);

/** Objects that a schema does not take, each for one reason. */
function* wrongBodies(values: SchemaValues, schema: Schema): Iterable<string> {
  const good: Record<string, unknown> = { ...Object(values.good(schema, false)) };
  // Where anything else may be said besides, nothing is unknown.
  if (values.isClosed(schema)) yield JSON.stringify({ ...good, no_such: 1 });
  yield `{"__proto__":1,${JSON.stringify(good).slice(1)}`.replace(/,\}$/, "}");
  for (const name of values.required(schema)) yield JSON.stringify({ ...good, [name]: undefined });
  for (const [name, field] of Object.entries(values.fields(schema))) {
    for (const value of values.bad(field)) yield JSON.stringify({ ...good, [name]: value });
  }
}

describe("the document of the API", () => {
  let walked: WalkedDaemon;
  let api: ApiDocument;
  let place: Place;
  beforeAll(async () => {
    walked = await WalkedDaemon.start();
    api = new ApiDocument((await walked.ask("GET /openapi.json")).text);
    place = await walked.makePlace(true);
  });
  afterAll(() => walked[Symbol.asyncDispose]());

  const valuesAt = (names: NamedValues): SchemaValues =>
    new SchemaValues(api, { ...names, ...Object(names["inBody"]) });

  const queryOf = (parameters: readonly Parameter[], names: NamedValues): string => {
    // There `job` is a full name.
    const values = new SchemaValues(api, { ...names, job: names["name"] });
    const given = parameters.map(({ name, schema }): [string, string] => [
      name,
      String([values.good(schema, true, name)].flat()[0]),
    ]);
    return given.length === 0 ? "" : `?${new URLSearchParams(given).toString()}`;
  };

  interface Ask {
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
  }

  /** Sends a request as administrator. Of an answer that has no end, the first piece is read. */
  const send = async (line: string, { headers = walked.headers, body }: Ask = {}): Promise<Got> => {
    const [method = "", path = ""] = line.split(" ");
    const abort = new AbortController();
    const response = await walked.daemon.fetch(path, {
      method,
      headers,
      redirect: "manual",
      signal: abort.signal,
      ...(body === undefined ? {} : { body }),
    });
    const type = response.headers.get("content-type") ?? "";
    const isEndless = /event-stream|octet-stream|ndjson/.test(type) || path.includes("follow=");
    let text = "";
    for await (const chunk of response.body ?? []) {
      text += new TextDecoder().decode(chunk);
      if (isEndless) break;
    }
    if (isEndless) abort.abort();
    return { status: response.status, type, headers: response.headers, text };
  };

  /** What is wrong with a good answer, by what the document says. */
  const problemsOf = ({ responses }: Operation, { status, type, text }: Got): string => {
    const response = status === 0 ? undefined : responses[status];
    if (response === undefined) return `status ${status} is none of ${Object.keys(responses).join()}: ${text}`;
    if (response.content === undefined) return text === "" ? "" : `it has a body: ${text}`;
    const base = type.split(";", 1)[0] ?? "";
    const key = Object.keys(response.content).find((one) => one === "*/*" || one.split(";", 1)[0] === base);
    const content = key === undefined ? undefined : response.content[key];
    if (content === undefined) return `content type ${type} is none of ${Object.keys(response.content).join()}`;
    return api.answerProblems(content.schema, base === "application/json" ? JSON.parse(text) : text);
  };

  /** Looks at the answer to a request that is refused. */
  const expectRefused = (what: string, got: Got, statuses: readonly number[]): void => {
    expect([what, got.status, got.text, statuses.includes(got.status)]).toEqual([what, got.status, got.text, true]);
    expect([what, got.type]).toEqual([what, expect.stringMatching(/^application\/json/)]);
    const error: unknown = JSON.parse(got.text);
    expect([what, api.answerProblems({ $ref: "#/components/schemas/Error" }, error)]).toEqual([what, ""]);
    const { errno, message, code } = Object(error);
    expect([what, errno, code]).toEqual([what, got.status, expect.stringMatching(/^[a-z_]+$/)]);
    expect([what, message]).toEqual([what, expect.stringMatching(/^\S.*[^.\s]$/s)]);
  };

  /** Does something while things happen to the job of a place. */
  const stirring = async <T>({ session }: Place, act: () => Promise<T>): Promise<T> => {
    const done = new AbortController();
    const stir = async (): Promise<void> => {
      while (!done.signal.aborted) {
        for (const scale of [1, -1]) await walked.ask(`POST /jobs/${session}/a/numprocesses?wait=20`, { scale });
      }
    };
    const stirred = stir();
    try {
      return await act();
    } finally {
      done.abort();
      await stirred;
    }
  };

  /** How an operation is called well. */
  interface Call {
    /** With every field of its body. @defaultValue with those that it can't do without */
    readonly isWhole?: boolean;
    readonly query?: readonly Parameter[];
    /** A parameter of its path that may be a number or a name is a name. */
    readonly byName?: string;
  }

  const callWell = async (
    operation: Operation,
    { isWhole = false, query = [], byName = "" }: Call = {},
  ): Promise<void> => {
    const at = await walked.makePlace(operation.path.includes("{username}"));
    const names = { ...namesAt(operation, at), ...(byName === "" ? {} : { [byName]: at.name }) };
    const body = bodyOf(operation);
    const needed = operation.parameters.filter((one) => one.in === "query" && one.required);
    const line = `${operation.method} ${pathAt(operation, names)}${queryOf([...needed, ...query], names)}`;
    const headers = {
      ...(operation.security?.some((one) => "user" in one) === true ? walked.login : walked.headers),
      ...(body === undefined ? {} : { "content-type": body.type }),
    };
    const sent = body === undefined ? {} : { body: encode(body.type, valuesAt(names).good(body.schema, isWhole)) };
    const call = (): Promise<Got> => send(line, { headers, ...sent });
    const got = await (isFeed(operation) ? stirring(at, call) : call());
    expect([line, sent, problemsOf(operation, got)]).toEqual([line, sent, ""]);
    if (!isLast(operation)) await walked.clear(at);
  };

  const nothingChanges = async (what: string, act: () => Promise<void>): Promise<void> => {
    const before = await walked.state();
    await act();
    expect(`${what}\n${await walked.state()}`).toBe(`${what}\n${before}`);
  };

  test("is one by the schema of OpenAPI 3.1, its schemas are ones of JSON Schema, and nothing in it is said twice", async () => {
    const result = await new Validator().validate({ ...api.json });
    expect([result.valid, result.errors]).toEqual([true, undefined]);
    const ids = api.operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const forms = [...new Set(api.operations.map(({ path }) => path))].map((path) => path.replace(/\{\w+\}/g, "{}"));
    expect(new Set(forms).size).toBe(forms.length);
    for (const operation of api.operations) {
      const { operationId, responses } = operation;
      const schemas = [bodyOf(operation)?.schema, ...operation.parameters.map(({ schema }) => schema)];
      const answers = Object.values(responses).flatMap(({ content = {} }) => Object.values(content));
      for (const schema of [...schemas, ...answers.map((content) => content.schema)]) {
        if (schema !== undefined)
          expect([operationId, typeof api.problems(schema, null)]).toEqual([operationId, "string"]);
      }
    }
  });

  test("says of every operation what it answers", () => {
    for (const operation of api.operations) {
      const { operationId, summary, responses } = operation;
      expect([operationId, summary]).not.toEqual([operationId, "Of a plugin"]);
      const [status = "", response = {}] = Object.entries(responses)[0] ?? [];
      const isBodyless = ["101", "204", "308"].includes(status);
      expect([operationId, status, response.content === undefined]).toEqual([operationId, status, isBodyless]);
    }
  });

  test("each operation, called well, answers as it says", async () => {
    for (const operation of api.operations.filter((one) => !isLast(one) && !isSocket(one))) {
      await callWell(operation);
      if (bodyOf(operation) !== undefined) await callWell(operation, { isWhole: true });
      for (const parameter of operation.parameters) {
        if (parameter.in === "query" && !parameter.required) await callWell(operation, { query: [parameter] });
        if (parameter.in === "path" && "anyOf" in parameter.schema)
          await callWell(operation, { byName: parameter.name });
      }
    }
  });

  test("each websocket opens, and whoever asks otherwise is told so", async () => {
    for (const operation of api.operations.filter(isSocket)) {
      const path = pathAt(operation, namesAt(operation, place));
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const socket = new WebSocket(`ws://${walked.daemon.host}${path}`, { headers: { ...walked.headers } });
      socket.addEventListener("open", () => resolve());
      socket.addEventListener("error", () => reject(new Error(`${path}: no websocket`)));
      await promise;
      socket.close();
      expectRefused(path, await send(`GET ${path}`), [426]);
    }
  });

  test("HEAD is GET without the body", async () => {
    for (const operation of api.operations.filter(
      ({ method, responses }) => method === "GET" && !("101" in responses),
    )) {
      const names = namesAt(operation, place);
      const needed = operation.parameters.filter((one) => one.in === "query" && one.required);
      const path = `${pathAt(operation, names)}${queryOf(needed, names)}`;
      const headers = { ...walked.headers, ...walked.login };
      const both = async (): Promise<Got[]> => [
        await send(`GET ${path}`, { headers }),
        await send(`HEAD ${path}`, { headers }),
      ];
      const [get, head] = await (isFeed(operation) ? stirring(place, both) : both());
      if (get === undefined || head === undefined) throw new Error("unreachable");
      const isLogin = operation.security?.some((one) => "user" in one) === true;
      // What is made anew each time, or is as long as what was said meanwhile, is another each time.
      const skipped = new Set(["date", "transfer-encoding", "content-length", isLogin ? "x-api-key" : ""]);
      const shown = ({ status, headers: given }: Got): unknown => [
        path,
        status,
        [...given].filter(([name]) => !skipped.has(name)),
      ];
      const length = head.headers.get("content-length");
      if (/json/.test(get.type) && !isFeed(operation))
        expect([path, length]).toEqual([path, expect.stringMatching(/^[1-9]\d*$/)]);
      expect([shown(head), head.text]).toEqual([shown(get), ""]);
    }
  });

  test("OPTIONS tells the methods of each path, and any other is refused with them", async () => {
    await nothingChanges("other methods", async () => {
      for (const path of new Set(api.operations.map((operation) => pathAt(operation, namesAt(operation, place))))) {
        const methods = api.methodsOf(path);
        const { status, headers, text } = await send(`OPTIONS ${path}`);
        const allowed = headers.get("allow")?.split(", ").toSorted();
        expect([path, status, text, allowed]).toEqual([path, 204, "", methods]);
        for (const method of METHODS.filter((one) => !methods.includes(one))) {
          const got = await send(`${method} ${path}`);
          expectRefused(`${method} ${path}`, got, [405]);
          expect(got.headers.get("allow")?.split(", ").toSorted()).toEqual(methods);
        }
      }
    });
  });

  test("without a key, or with a wrong one, nothing is told and nothing is done", async () => {
    await nothingChanges("no key", async () => {
      for (const operation of api.operations.filter((one) => !isOpen(one))) {
        const line = `${operation.method} ${pathAt(operation, namesAt(operation, place))}`;
        const isLogin = operation.security?.some((one) => "user" in one) === true;
        expectRefused(line, await send(line, { headers: {} }), [401]);
        const wrong = isLogin ? { authorization: `Basic ${btoa("walker:wrong")}` } : { "x-api-key": "wrong" };
        expectRefused(line, await send(line, { headers: wrong }), [isLogin ? 401 : 403]);
      }
    });
  });

  test("a parameter that is not known, or not what it must be, is refused", async () => {
    await nothingChanges("parameters", async () => {
      for (const operation of api.operations.filter((one) => !isOpen(one) && !isSocket(one))) {
        const { method, parameters } = operation;
        const headers = { ...walked.headers, ...walked.login };
        const path = pathAt(operation, namesAt(operation, place));
        const names = parameters.filter((one) => one.in === "query");
        const bad = [
          ["no_such", "1"],
          ["__proto__", "1"],
        ].concat(
          names
            .flatMap(({ name, schema }) =>
              new SchemaValues(api, {})
                .bad(schema)
                .filter((value) => typeof value === "string" || typeof value === "number")
                .map((value) => [name, String(value)]),
            )
            .filter(([name = "", value = ""]) => !isText(names, name, value)),
        );
        for (const [name = "", value = ""] of bad) {
          const line = `${method} ${path}?${new URLSearchParams([[name, value]]).toString()}`;
          const body = bodyOf(operation);
          const sent =
            body === undefined
              ? {}
              : { body: encode(body.type, valuesAt(namesAt(operation, place)).good(body.schema, false)) };
          expectRefused(line, await send(line, { headers, ...sent }), [400]);
        }
      }
    });
  });

  /** Whether a text is what a parameter takes: a query has no other kinds. */
  const isText = (parameters: readonly Parameter[], name: string, value: string): boolean => {
    const { schema = {} } = parameters.find((one) => one.name === name) ?? {};
    if (schema["type"] === "boolean") return value === "";
    const { items: one = schema } = schema;
    return api.problems(Object(one), value) === "";
  };

  test("what a path names and is not there is refused", async () => {
    await nothingChanges("names", async () => {
      for (const operation of api.operations.filter((one) => !isSocket(one))) {
        const names = namesAt(operation, place);
        const body = bodyOf(operation);
        const sent = body === undefined ? {} : { body: encode(body.type, valuesAt(names).good(body.schema, false)) };
        for (const { name, schema } of operation.parameters.filter((one) => one.in === "path")) {
          const what = `${operation.method} ${operation.path} ${name}`;
          if (MADE.has(what)) continue;
          const isNumber = schema["type"] === "integer";
          const path = pathAt(operation, { ...names, [name]: isNumber ? 999_999 : "nosuch" });
          const got = await send(`${operation.method} ${path}`, sent);
          if (operation.path.startsWith("/_plugin/{name}") && got.status === 308) continue;
          expectRefused(`${what} ${path}`, got, NO_NAMES.has(name) ? [400, 404] : [404]);
          if (isNumber)
            expectRefused(
              path,
              await send(`${operation.method} ${pathAt(operation, { ...names, [name]: "01" })}`, sent),
              [404, 405],
            );
        }
      }
      for (const path of [
        "/nosuch",
        "/jobs/",
        "/jobs//a",
        "/-1",
        "/0x1",
        "/1/nosuch",

        "/jobs/s/a/state/",
        "/JOBS",
      ]) {
        expectRefused(path, await send(`GET ${path}`), [404]);
      }
    });
  });

  test("a body that is not what it must be is refused, whatever is wrong with it", async () => {
    await nothingChanges("bodies", async () => {
      for (const operation of api.operations) {
        const body = bodyOf(operation);
        if (body === undefined) continue;
        const names = namesAt(operation, place);
        const line = `${operation.method} ${pathAt(operation, names)}`;
        const refused = async (text: string, status: number): Promise<void> => {
          const got = await send(line, { body: text, headers: { ...walked.headers, "content-type": body.type } });
          expectRefused(`${line} ${text.slice(0, 200)}`, got, [status]);
        };
        await refused("x".repeat(MOST_BYTES + 1), 413);
        if (body.type === "application/octet-stream") continue;
        for (const text of ["{", "nonsense", "[]", "null", '"x"', "{}{}", "\0", '{"a":1,}']) await refused(text, 400);
        if (operation.requestBody?.required === true) for (const text of ["", " "]) await refused(text, 400);
        if (!body.type.includes("json")) continue;
        const values = valuesAt(names);
        for (const text of wrongBodies(values, body.schema)) await refused(text, 400);
      }
    });
  });

  test("and those that end the daemon end it", async () => {
    const last = api.operations.filter(isLast);
    expect(last.map(({ method, path }) => `${method} ${path}`)).toEqual(["POST /shutdown"]);
    for (const operation of last) await callWell(operation);
    expect((await walked.daemon.gaffer.ended()).code).toBe(0);
    expect(walked.daemon.gaffer.stderr).not.toMatch(/ERROR|internal|bug in gaffer/);
  });
});
