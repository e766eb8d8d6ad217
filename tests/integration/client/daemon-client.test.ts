import { describe, expect, test } from "bun:test";
import type { Socket } from "bun";
import { parseEndpoint } from "../../../src/base/endpoint.ts";
import type { ErrorCode } from "../../../src/base/gaffer-error.ts";
import { DaemonClient, pathOf } from "../../../src/client/daemon-client.ts";
import { rejectedBy } from "../../support/rejected-by.ts";
import { TempDir } from "../../support/temp-dir.ts";

/** A server that answers everything with one answer, and notes what it was asked. */
class Answering implements Disposable {
  readonly asked: { line: string; headers: Headers; body: string }[] = [];
  readonly #server: Bun.Server<undefined>;

  constructor(answer: () => Response, unix?: string) {
    const fetch = async (request: Request): Promise<Response> => {
      const { pathname, search } = new URL(request.url);
      this.asked.push({
        line: `${request.method} ${pathname}${search}`,
        headers: request.headers,
        body: await request.text(),
      });
      return answer();
    };
    this.#server =
      unix === undefined ? Bun.serve({ port: 0, hostname: "127.0.0.1", fetch }) : Bun.serve({ unix, fetch });
  }

  client(apiKey?: string): DaemonClient {
    return new DaemonClient({ endpoint: parseEndpoint(`127.0.0.1:${this.#server.port}`, "test"), apiKey });
  }

  [Symbol.dispose](): void {
    void this.#server.stop(true);
  }
}

describe("DaemonClient", () => {
  test("sends method, parameters, body, key and wait as they are meant", async () => {
    using server = new Answering(() => Response.json({ ok: true }));
    const client = server.client("secret");
    const query = { full: true, not: false, none: undefined, tail: 0, job: ["a.b", "c d"], q: "&=é" };
    expect(await client.json<object>(pathOf("jobs", "s", "a/b"), { query })).toEqual({ ok: true });
    await client.json("/x", { method: "POST", body: { a: 1 }, wait: 2.5 });
    await client.send("/x", { method: "POST", body: "plain" });
    await client.send("/x", { method: "POST", body: new Uint8Array([104, 105]) });
    expect(server.asked.map(({ line, body }) => [line, body])).toEqual([
      ["GET /jobs/s/a%2Fb?full=1&tail=0&job=a.b&job=c+d&q=%26%3D%C3%A9", ""],
      ["POST /x?wait=2.5", '{"a":1}'],
      ["POST /x", "plain"],
      ["POST /x", "hi"],
    ]);
    expect(server.asked.map(({ headers }) => headers.get("x-api-key"))).toEqual(Array(4).fill("secret"));
  });

  test("works over a unix socket", async () => {
    using dir = new TempDir();
    using server = new Answering(() => Response.json({ ok: 1 }), dir.file("s"));
    const client = new DaemonClient({ endpoint: { kind: "unix", path: dir.file("s") } });
    expect(await client.json<object>("/ping")).toEqual({ ok: 1 });
    expect(server.asked[0]?.headers.get("x-api-key")).toBeNull();
  });

  test.each<[number, unknown, ErrorCode, number, string]>([
    [404, { code: "job_not_found", message: "Cannot find" }, "job_not_found", 1, "Cannot find"],
    [409, { code: "job_exists", message: "There" }, "job_exists", 1, "There"],
    [400, { code: "code_of_tomorrow", message: "New" }, "bad_request", 1, "New"],
    [403, { code: "code_of_tomorrow", message: "No" }, "forbidden", 1, "No"],
    [401, {}, "unauthorized", 1, "The daemon answered 401: {}"],
    [500, "oops", "internal", 70, 'The daemon answered 500: "oops"'],
    [302, null, "bad_request", 1, "The daemon answered 302: null"],
  ])("an answer of %i %j is %s, exit code %i", async (...row) => {
    const [status, body, code, exitCode, message] = row;
    using server = new Answering(() => Response.json(body, { status }));
    expect(await rejectedBy(server.client().json("/x"))).toEqual({ code, message, exitCode });
  });

  test("an answer that is no JSON is told, cut to a length", async () => {
    using server = new Answering(() => new Response("<html>".repeat(100), { status: 404 }));
    const { code, message } = await rejectedBy(server.client().json("/x"));
    expect(code).toBe("route_not_found");
    expect(message).toStartWith("The daemon answered 404: <html><html>");
    expect(message.length).toBeLessThan(250);
  });

  test("another program that answers well is no daemon", async () => {
    using server = new Answering(() => new Response("<html>welcome</html>"));
    const { code, message, exitCode } = await rejectedBy(server.client().json("/jobs"));
    expect([code, exitCode]).toEqual(["daemon_unreachable", 3]);
    expect(message).toMatch(
      /^Cannot reach a daemon at \S+: another program answers there \(name its address with --endpoint\)$/,
    );
  });

  test("nobody there, a socket that is none, one that nobody listens on: 3 with the fact", async () => {
    using dir = new TempDir({ file: "" });
    const gone = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const { port } = gone;
    gone.stop(true);
    const facts = await Promise.all(
      [`127.0.0.1:${port}`, `unix:${dir.file("none")}`, `unix:${dir.file("file")}`].map(async (where) => {
        const client = new DaemonClient({ endpoint: parseEndpoint(where, "test") });
        const { exitCode, message } = await rejectedBy(client.json("/jobs"));
        expect([exitCode, message]).toEqual([3, expect.stringContaining(`Cannot reach a daemon at ${where}: `)]);
        expect(message).toEndWith(' (start one with "gaffer daemon", or name another with --endpoint)');
        return message.slice(message.indexOf(": ") + 2, message.indexOf(" (start"));
      }),
    );
    expect(facts).toEqual([
      "nobody listens there",
      expect.stringMatching(/no such socket|nobody listens/),
      "nobody listens there",
    ]);
  });

  test("a server that hangs up without an answer, or in the middle of one, is unreachable", async () => {
    for (const answer of ["", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"]) {
      const data = (socket: Socket): void => {
        socket.write(answer);
        socket.end();
      };
      const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data } });
      const client = new DaemonClient({ endpoint: parseEndpoint(`127.0.0.1:${server.port}`, "test") });
      expect(await rejectedBy(client.json("/jobs"))).toMatchObject({ code: "daemon_unreachable", exitCode: 3 });
      server.stop(true);
    }
  });
});
