import type { ApiDocument, Operation } from "./api-document.ts";
import { SchemaValues } from "./schema-values.ts";
import type { SeededRandom } from "./seeded-random.ts";

/** A request as bytes, a character a byte. */
export interface NoisyRequest {
  readonly text: string;
  /** It is right as HTTP: whatever it asks for, an answer must come. */
  readonly isWhole: boolean;
}

const METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH"];
const BROKEN_METHODS = ["TRACE", "CONNECT", "BREW", "get", "", "GET GET", "\0", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"];
const PARTS = [
  "",
  "jobs",
  "sessions",
  "streams",
  "events",
  "processes",
  "watch",
  "1",
  "s",
  "a",
  "s.a",
  "stats",
  "state",
];
const ODD_PARTS = [
  "%",
  "%00",
  "%2F",
  "..",
  ".",
  "a%20b",
  "%ff",
  "é",
  "\0",
  "9".repeat(30),
  "__proto__",
  "*",
  "-1",
  "01",
];
/** What paths can name: things that are there, and such as are not. */
const NAMES = [
  "s",
  "a",
  "s.a",
  "1",
  "2",
  "stdout",
  "stdin",
  "aux",
  "TERM",
  "CONT",
  "x",
  "999999",
  "",
  "proc",
  "spawn",
  "=2",
];
/** What paths name, by the names of their parameters. */
const THERE: Readonly<Record<string, string>> = {
  session: "s",
  job: "a",
  name: "s.a",
  pid: "1",
  id: "1",
  stream: "stdout",
};
const QUERIES = [
  "wait=0",
  "wait=x",
  "full=1",
  "since=0",
  "since=-",
  "feed=longpoll",
  "heartbeat=0.1",
  "%",
  "&&&",
  "=",
  "a=b=c",
];
const VALUES = ["", "0", "1", "x", "%00", "-1", "1e9", "true", "continuous", "eventsource", "a".repeat(300)];
const BODIES = [
  "",
  "{}",
  "[]",
  "null",
  "1",
  '"="',
  "{",
  "\xff\0",
  '{"scale":"+1"}',
  '{"scale":-1}',
  '{"signal":"CONT"}',
];
BODIES.push(
  '{"jobs":[]}',
  '{"name":"x","cmd":"true","start":false}',
  '{"__proto__":1}',
  "[".repeat(3000),
  "x".repeat(70_000),
);
BODIES.push(
  '{"jobs":[{"name":"y","cmd":"sleep 1000"}]}',
  '{"event":"exit","url":"http://127.0.0.1:9/"}',
  '{"env":{"A":"1"}}',
);
/** Fields of bodies that are right. */
const GOOD = { name: "z", cmd: "true", event: "exit", url: "http://127.0.0.1:9/", scale: 1, signal: "CONT", jobs: [] };
/** Headers that break nothing. */
const HEADERS = [
  "Origin: null",
  "Last-Event-ID: x",
  "Accept: text/event-stream",
  "Accept: application/json",
  "X-Api-Key: x",
];
HEADERS.push(
  "Authorization: Basic x",
  "Authorization: Bearer é",
  "Content-Type: application/json",
  `X: ${"y".repeat(3000)}`,
);
HEADERS.push(
  "Sec-Fetch-Site: cross-site",
  "Access-Control-Request-Method: PUT",
  "Range: bytes=0-0",
  "If-None-Match: *",
);
/** Headers that do, or may. */
const ODD_HEADERS = [
  "Host: evil",
  "Host: ",
  "Host",
  "Content-Length: -1",
  "Content-Length: 99999",
  "Content-Length: x",
];
ODD_HEADERS.push(
  "Transfer-Encoding: chunked",
  "Transfer-Encoding: x",
  ": x",
  "A\0B: c",
  " folded: x",
  "Expect: 100-continue",
);
ODD_HEADERS.push(
  `X: ${"y".repeat(40_000)}`,
  "Upgrade: websocket",
  "Upgrade: h2c",
  "Connection: Upgrade",
  "TE: trailers",
);
const HANDSHAKE = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"];
HANDSHAKE.push("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==");
const VERSIONS = ["HTTP/1.0", "HTTP/9", "", "HTTP/2.0", "http/1.1", "HTTP/1.1 "];
/** Ways to say where a chunk ends, right and wrong. */
const CHUNKS = [
  "ffffffffffffffff\r\n",
  "-1\r\nx\r\n",
  "x\r\n",
  "5\r\nab\r\n",
  "2;a=b\r\nab\r\n",
  "0\r\nTrailer: x\r\n\r\n",
  "\r\n",
  "1\r\nabc\r\n",
];

/** Makes requests of every kind, right and wrong ones, to the paths that there are and to others; the daemon is not told to end. */
export class RequestNoise {
  readonly #random: SeededRandom;
  readonly #operations: readonly Operation[];
  readonly #values: SchemaValues;

  constructor(random: SeededRandom, api: ApiDocument) {
    this.#random = random;
    this.#values = new SchemaValues(api, GOOD);
    this.#operations = api.operations.filter(({ path }) => path !== "/shutdown");
  }

  /** One request. */
  next(): NoisyRequest {
    const random = this.#random;
    const whole = Array.from({ length: 6 }, () => () => this.#whole());
    const kinds = [...whole, () => this.#chunked(), () => this.#chunked(), () => this.#odd(), () => this.#flood()];
    const made = random.pick(kinds)();
    // Some are cut off, and in some a byte is another.
    if (random.below(8) === 0) return { text: made.text.slice(0, random.below(made.text.length)), isWhole: false };
    if (random.below(8) > 0) return made;
    const at = random.below(made.text.length);
    const text = `${made.text.slice(0, at)}${String.fromCharCode(random.below(256))}${made.text.slice(at + 1)}`;
    return { text, isWhole: false };
  }

  /** Method and target: mostly such as there are. */
  #line({ method, path, parameters }: Operation = this.#random.pick(this.#operations)): string {
    const random = this.#random;
    const known = path.replace(/\{(\w+)\}/g, (_, name: string) => this.#named(name));
    const other = `/${random.several(4, () => random.pick([...PARTS, ...ODD_PARTS])).join("/")}`;
    const names = parameters.filter((one) => one.in === "query").map(({ name }) => name);
    const own = names.map((name) => `${name}=${random.pick(VALUES)}`);
    const query = random.below(3) > 0 ? [] : random.several(3, () => random.pick([...QUERIES, ...own]));
    const target = `${random.below(5) > 0 ? known : other}${query.length === 0 ? "" : `?${query.join("&")}`}`;
    return `${random.below(5) > 0 ? method : random.pick(METHODS)} ${target.replaceAll(/[\0 ]/g, "%20")}`;
  }

  #named(name: string): string {
    const random = this.#random;
    const there = THERE[name];
    if (there !== undefined && random.below(4) > 0) return there;
    return random.pick(random.below(4) === 0 ? ODD_PARTS : NAMES);
  }

  #goodBody({ requestBody }: Operation): string {
    const { schema } = requestBody?.content["application/json"] ?? {};
    return schema === undefined ? "1" : JSON.stringify(this.#values.good(schema, this.#random.below(2) === 0));
  }

  #whole(): NoisyRequest {
    const random = this.#random;
    const operation = random.pick(this.#operations);
    const line = this.#line(operation);
    const body = random.below(2) === 0 ? this.#goodBody(operation) : random.pick(BODIES);
    const headers = random.below(2) > 0 ? [] : random.several(3, () => random.pick(HEADERS));
    const lines = line.startsWith("GET") && random.below(3) === 0 ? HANDSHAKE : [`Content-Length: ${body.length}`];
    const head = [`${line} HTTP/1.1`, "Host: localhost", ...lines, ...headers, "", ""];
    return { text: head.join("\r\n") + (lines === HANDSHAKE ? "" : body), isWhole: true };
  }

  #chunked(): NoisyRequest {
    const random = this.#random;
    const head = [`${this.#line()} HTTP/1.1`, "Host: localhost", "Transfer-Encoding: chunked", "", ""];
    const body = random.pick(BODIES);
    const pieces = body.match(/[^]{1,2000}/g) ?? [];
    const chunks = pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`);
    if (random.below(2) === 0)
      return { text: [...head].join("\r\n") + [...chunks, "0\r\n\r\n"].join(""), isWhole: true };
    const wrong = [...chunks.slice(0, random.below(3)), ...random.several(3, () => random.pick(CHUNKS))];
    return { text: head.join("\r\n") + wrong.join(""), isWhole: false };
  }

  #odd(): NoisyRequest {
    const random = this.#random;
    const body = random.pick(BODIES);
    const headers = random.several(4, () => random.pick([...HEADERS, ...ODD_HEADERS]));
    const own = random.below(3) === 0 ? [] : ["Host: localhost", `Content-Length: ${body.length}`];
    const version = random.below(4) === 0 ? random.pick(VERSIONS) : "HTTP/1.1";
    const line = random.below(4) === 0 ? `${random.pick(BROKEN_METHODS)} /jobs` : this.#line();
    return {
      text: [`${line} ${version}`, ...own, ...headers, "", body].join("\r\n"),
      isWhole: false,
    };
  }

  /** More header fields than anybody needs. */
  #flood(): NoisyRequest {
    const random = this.#random;
    const [count, size] = random.pick([
      [300, 10],
      [2000, 10],
      [50, 2000],
      [1, 200_000],
    ] as const);
    const fields = Array.from({ length: count }, (_, at) => `X-${random.below(2) * at}: ${"z".repeat(size)}`);
    const head = [`${this.#line()} HTTP/1.1`, "Host: localhost", ...fields, "", ""];
    return { text: head.join("\r\n"), isWhole: false };
  }
}
