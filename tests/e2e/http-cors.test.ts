import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { EventReader } from "../support/event-reader.ts";
import { type Answer, RunningDaemon } from "../support/running-daemon.ts";
import { TempDir } from "../support/temp-dir.ts";

const OPS = "https://ops.example";
const LOCAL = "http://localhost:8080";
const EVIL = "https://ops.example.evil";

/** The headers of an answer that are there for browsers. */
const corsOf = ({ headers }: Answer): Readonly<Record<string, string>> =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith("access-control-") || name === "vary"));

for (const kind of ["keyless", "keyed"] as const) {
  describe(`pages of listed origins, ${kind}`, () => {
    let dir: TempDir;
    let daemon: RunningDaemon;
    beforeAll(async () => {
      dir = new TempDir({
        "g.ini": `[gaffer]\ncors_origins = ${OPS} ${LOCAL}\nrequire_key = ${kind === "keyed"}\n`,
      });
      daemon = await RunningDaemon.start({ args: ["-c", dir.file("g.ini")] });
    });
    afterAll(async () => {
      await daemon[Symbol.asyncDispose]();
      dir[Symbol.dispose]();
    });

    const ask = (line: string, origin: string | undefined, more: Record<string, string> = {}): Promise<Answer> =>
      daemon.request(line, undefined, { headers: { ...(origin === undefined ? {} : { origin }), ...more } });
    const preflight = {
      "access-control-request-method": "PUT",
      "access-control-request-headers": "content-type,last-event-id,x-api-key",
    };

    test("the browser's question before a request is answered for them, without a key", async () => {
      for (const origin of [OPS, LOCAL]) {
        for (const path of ["/jobs/s/a", "/events", "/keys", "/1", "/processes/a", "/auth"]) {
          const answer = await ask(`OPTIONS ${path}`, origin, preflight);
          expect([path, answer.status, answer.text, corsOf(answer)]).toEqual([
            path,
            204,
            "",
            {
              "access-control-allow-origin": origin,
              "access-control-allow-credentials": "true",
              "access-control-allow-methods": "GET, HEAD, POST, PUT, DELETE, OPTIONS",
              "access-control-allow-headers":
                "X-Requested-With, X-HTTP-Method-Override, Content-Type, Accept, Authorization, X-Api-Key, Last-Event-ID",
              "access-control-max-age": "86400",
              vary: "Origin",
            },
          ]);
        }
        expect((await ask("OPTIONS /nosuch", origin, preflight)).status).toBe(404);
      }
    });

    test("answers and refusals can be read by them", async () => {
      const readable = {
        "access-control-allow-origin": OPS,
        "access-control-allow-credentials": "true",
        vary: "Origin",
      };
      for (const line of [
        "GET /",
        "GET /ping",
        "GET /nosuch",
        "GET /jobs",
        "PATCH /jobs",
        "HEAD /version",
        "POST /jobs/s",
      ]) {
        expect([line, corsOf(await ask(line, OPS))]).toEqual([line, expect.objectContaining(readable)]);
      }
    });

    test("no other origin is told anything, and its question is answered by no", async () => {
      const before = (await daemon.request("GET /ping")).text;
      for (const origin of [
        EVIL,
        "http://ops.example",
        "https://ops.example:8443",
        "null",
        "",
        "*",
        "https://OPS.example",
      ]) {
        for (const line of [
          "OPTIONS /jobs/s/a",
          "OPTIONS /nosuch",
          "GET /jobs",
          "GET /ping",
          "PUT /jobs/s/a",
          "POST /shutdown",
        ]) {
          const answer = await ask(line, origin, line.startsWith("OPTIONS") ? preflight : {});
          expect([origin, line, answer.status, corsOf(answer)]).toEqual([origin, line, 403, {}]);
        }
      }
      expect((await daemon.request("GET /ping")).text).toBe(before);
    });

    test("caches are told that it depends on the origin", async () => {
      expect(corsOf(await ask("GET /ping", undefined))).toEqual({ vary: "Origin" });
      expect(corsOf(await ask("GET /ping", `http://${daemon.host}`))).toEqual({ vary: "Origin" });
    });
  });
}

test("an event stream can be read by a page of a listed origin, and where none is listed there is nothing for browsers", async () => {
  using dir = new TempDir({ "g.ini": `[gaffer]\ncors_origins = ${OPS}\n` });
  await using daemon = await RunningDaemon.start({ args: ["-c", dir.file("g.ini")] });
  let allowed: string | null = "";
  await using reader = await EventReader.open(async (signal) => {
    const response = await daemon.fetch("/events", { headers: { origin: OPS }, signal });
    allowed = response.headers.get("access-control-allow-origin");
    return response;
  });
  await daemon.request("POST /jobs/s", { name: "a", cmd: "sleep 1000", start: false });
  await reader.until(({ kinds }) => kinds.includes("load"));
  expect(allowed).toBe(OPS);
  await using other = await RunningDaemon.start();
  expect(corsOf(await other.request("GET /ping"))).toEqual({});
});
