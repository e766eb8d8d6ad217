import { describe, expect, test } from "bun:test";
import { parseEndpoint } from "../../../src/base/endpoint.ts";
import { DaemonClient } from "../../../src/client/daemon-client.ts";
import { followEvents } from "../../../src/client/event-follower.ts";
import type { ReceivedEvent } from "../../../src/wire/sse.ts";
import { rejectedBy } from "../../support/rejected-by.ts";
import { waitFor } from "../../support/wait-for.ts";

/** What a connection to the feed brings: its bytes, then its end, unless it stays open. */
interface Connection {
  readonly pieces: readonly (string | Uint8Array)[];
  readonly stays?: boolean;
  readonly status?: number;
}

/** A feed whose connections each bring what they were told to; the last one again and again. */
class ScriptedFeed implements Disposable {
  readonly asked: (string | null)[] = [];
  readonly queries: string[] = [];
  readonly #server: Bun.Server<undefined>;

  constructor(connections: readonly Connection[]) {
    this.#server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request) => {
        const next = connections[Math.min(this.asked.length, connections.length - 1)];
        this.asked.push(request.headers.get("last-event-id"));
        this.queries.push(new URL(request.url).search);
        if (next === undefined) throw new Error("no connection was scripted");
        if (next.status !== undefined) {
          return Response.json({ code: "job_not_found", message: "No such job" }, { status: next.status });
        }
        return new Response(streamOf(next), { headers: { "content-type": "text/event-stream" } });
      },
    });
  }

  get client(): DaemonClient {
    return new DaemonClient({ endpoint: parseEndpoint(`127.0.0.1:${this.#server.port}`, "test") });
  }

  [Symbol.dispose](): void {
    void this.#server.stop(true);
  }
}

const streamOf = ({ pieces, stays = false }: Connection): ReadableStream =>
  new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(typeof piece === "string" ? Buffer.from(piece) : piece);
      if (!stays) controller.close();
    },
  });

const open: Connection = { pieces: [], stays: true };

/** Follows until `count` events came. */
async function follow(feed: ScriptedFeed, count: number) {
  const events: ReceivedEvent[] = [];
  const connections: boolean[] = [];
  const abort = new AbortController();
  const end = followEvents(feed.client, {
    path: "/events",
    query: () => ({ heard: events.length }),
    signal: abort.signal,
    onEvent: (event) => events.push(event),
    onConnection: (isConnected) => connections.push(isConnected),
    longestPauseMs: 20,
  });
  await waitFor(
    () => events.length >= count,
    () => `${count} events, after ${JSON.stringify(events)}`,
  );
  abort.abort();
  await end;
  return { datas: events.map(({ data }) => data), connections };
}

describe("followEvents()", () => {
  test("goes on after the last event that was heard whole, and says that it was away", async () => {
    using feed = new ScriptedFeed([
      { pieces: ["id: e-1\ndata: a\n\n", "id: e-2\nda", "ta: b\n\nid: e-3\ndata: torn"] },
      { pieces: ["id: e-3\ndata: c\n\n"], stays: true },
    ]);
    expect(await follow(feed, 3)).toEqual({ datas: ["a", "b", "c"], connections: [false, true] });
    expect(feed.asked).toEqual([null, "e-2"]);
    expect(feed.queries).toEqual(["?heard=0", "?heard=2"]);
  });

  test("a connection that brings nothing is no reason to forget where it was", async () => {
    using feed = new ScriptedFeed([
      { pieces: ["id: 1\ndata: a\n\n"] },
      { pieces: [] },
      { pieces: ["data: b\n\n"], stays: true },
    ]);
    expect((await follow(feed, 2)).datas).toEqual(["a", "b"]);
    expect(feed.asked).toEqual([null, "1", "1"]);
  });

  test("letters of several bytes may come in pieces, and a byte order mark is none of the text", async () => {
    const bytes = Buffer.from("\ufeffdata: é🦊\n\n");
    using feed = new ScriptedFeed([{ pieces: [...bytes].map((byte) => Uint8Array.of(byte)), stays: true }]);
    expect((await follow(feed, 1)).datas).toEqual(["é🦊"]);
  });

  test("ends when it is told to, connected or waiting for its next try", async () => {
    for (const connection of [open, { pieces: [] }]) {
      using feed = new ScriptedFeed([connection]);
      const abort = new AbortController();
      const end = followEvents(feed.client, { path: "/", signal: abort.signal, onEvent: () => undefined });
      await waitFor(
        () => feed.asked.length > 0,
        () => "a connection",
      );
      abort.abort();
      await end;
    }
  });

  test("a refusal ends it, the first time and later", async () => {
    for (const connections of [[{ pieces: [], status: 404 }], [{ pieces: [] }, { pieces: [], status: 404 }]]) {
      using feed = new ScriptedFeed(connections);
      const { signal } = new AbortController();
      const end = followEvents(feed.client, { path: "/", signal, onEvent: () => undefined });
      expect(await rejectedBy(end)).toMatchObject({ code: "job_not_found", message: "No such job" });
    }
  });

  test("a daemon that can't be reached the first time is an error", async () => {
    const client = new DaemonClient({ endpoint: { kind: "unix", path: "/nowhere/gaffer.sock" } });
    const { signal } = new AbortController();
    const end = followEvents(client, { path: "/", signal, onEvent: () => undefined });
    expect((await rejectedBy(end)).code).toBe("daemon_unreachable");
  });

  test("what its listener throws ends it: that is no loss of the connection", async () => {
    using feed = new ScriptedFeed([{ pieces: ["data: a\n\n"], stays: true }]);
    const { signal } = new AbortController();
    const end = followEvents(feed.client, {
      path: "/",
      signal,
      onEvent: () => {
        throw new RangeError("full");
      },
    });
    expect(await end.catch(String)).toBe("RangeError: full");
    expect(feed.asked).toEqual([null]);
  });
});
