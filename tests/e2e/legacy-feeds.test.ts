import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { EventReader } from "../support/event-reader.ts";
import { KeyedDaemon } from "../support/keyed-daemon.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { RunningDaemon } from "../support/running-daemon.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(40_000);

const [text, number, size] = [expect.any(String), expect.any(Number), expect.stringMatching(/^\d+[KMG]$/)];

const opened = (daemon: RunningDaemon, path: string, headers: Record<string, string> = {}): Promise<EventReader> =>
  EventReader.open((signal) => daemon.fetch(path, { signal, headers }));

/** Reads JSON texts, one a line, as they come. */
class LineReader implements AsyncDisposable {
  readonly lines: Record<string, unknown>[] = [];
  ended = false;
  readonly #abort = new AbortController();
  #done: Promise<void> = Promise.resolve();

  static async open(daemon: RunningDaemon, path: string): Promise<LineReader> {
    const reader = new LineReader();
    const response = await daemon.fetch(path, { signal: reader.#abort.signal });
    if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
    reader.#done = reader.#read(response);
    return reader;
  }

  async #read({ body }: Response): Promise<void> {
    let rest = "";
    try {
      for await (const chunk of body ?? []) {
        const lines = `${rest}${new TextDecoder().decode(chunk)}`.split("\n");
        rest = lines.pop() ?? "";
        this.lines.push(...lines.filter((line) => line.trim() !== "").map((line) => Object(JSON.parse(line))));
      }
    } catch (error) {
      if (!this.#abort.signal.aborted) throw error;
    }
    this.ended = true;
  }

  async until(passes: (reader: this) => boolean): Promise<void> {
    await waitFor(
      () => passes(this),
      () => `a line, after ${JSON.stringify(this.lines.slice(-20))}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#done;
  }
}

describe("GET /watch", () => {
  let daemon: RunningDaemon;
  beforeAll(async () => {
    daemon = await RunningDaemon.start();
  });
  afterAll(() => daemon[Symbol.asyncDispose]());

  /** Makes a job and takes it away again. */
  const live = async (name: string): Promise<void> => {
    await daemon.request("POST /processes?wait=10", { name, cmd: "sleep 1000" });
    await daemon.request(`DELETE /processes/${name}?wait=10`);
  };

  test("tells everything in the words of gaffer 0.4, each once, with an id", async () => {
    await using reader = await opened(daemon, "/watch?feed=eventsource");
    await live("dummy");
    await reader.until(({ kinds }) => kinds.includes("exit"));
    expect(reader.kinds).toEqual(["create", "start", "spawn", "delete", "stop", "stop_pid", "exit"]);
    expect(reader.seqs).toEqual(reader.seqs.map((_, at) => (reader.seqs[0] ?? 0) + at));
    for (const { event, data } of reader.events) expect(data).toMatchObject({ event, topic: event, name: "dummy" });
    const exit = { exit_status: 0, exit_code: null, term_signal: 15, once: false };
    expect(reader.events.at(-1)?.data).toMatchObject({
      ...exit,
      pid: number,
      os_pid: number,
      time: number,
      seq: number,
    });
    expect(reader.events[2]?.data).toMatchObject({ pid: expect.any(Number), detach: false, detached: false });
  });

  test("every part of the path works, and names the topic that matched", async () => {
    const [{ pids: before }] = [Object((await daemon.request("GET /pids")).json)];
    expect(before).toEqual([]);
    const paths = {
      "/watch/create": ["create", "create"],
      "/watch/load": ["load", "load"],
      "/watch/stop_pid": ["stop_pid", "stop_pid"],
      "/watch/EXIT": ["exit", "exit"],
      "/watch/proc/web/spawn": ["proc.web.spawn"],
      "/watch/proc/grp:web/stop_pid": ["proc.grp:web.stop_pid"],
      "/watch/proc/grp.web/exit": ["proc.grp.web.exit"],
      "/watch/proc/grp/web": "create start spawn delete stop stop_pid exit"
        .split(" ")
        .map((kind) => `proc.grp.web.${kind}`),
      "/watch/job/web/exit": ["job.web.exit"],
      "/watch/job/grp/web": "load start spawn unload stop stop_process exit"
        .split(" ")
        .map((kind) => `job.grp.web.${kind}`),
      "/watch/exit/web": ["proc.web.exit"],
      "/watch/exit/grp/web": ["proc.grp.web.exit"],
      "/watch/proc": ["web", "grp:web"].flatMap((name) =>
        "create start spawn delete stop stop_pid exit".split(" ").map((kind) => `proc.${name}.${kind}`),
      ),
    };
    const readers = await Promise.all(Object.keys(paths).map((path) => opened(daemon, `${path}?feed=eventsource`)));
    await live("web");
    await live("grp:web");
    for (const [at, topics] of Object.values(paths).entries()) {
      const reader = readers[at];
      await reader?.until(({ events }) => events.length >= topics.length);
      expect(reader?.kinds).toEqual(topics);
      for (const { event, data } of reader?.events ?? []) expect(data).toMatchObject({ event, topic: event });
      await reader?.[Symbol.asyncDispose]();
    }
  });

  test("a process by its number", async () => {
    await daemon.request("POST /processes?wait=10", { name: "numbered", cmd: "sleep 1000" });
    const [pid] = /\d+/.exec((await daemon.request("GET /processes/numbered/_pids")).text) ?? [];
    await using all = await opened(daemon, `/watch/proc/${pid}?feed=eventsource`);
    await using exit = await opened(daemon, `/watch/proc/${pid}/exit?feed=eventsource`);
    await daemon.request("DELETE /processes/numbered?wait=10");
    await exit.until(({ events }) => events.length > 0);
    expect(exit.events[0]).toMatchObject({ event: `proc.${pid}.exit`, data: { pid: Number(pid), name: "numbered" } });
    expect(all.kinds).toEqual([`proc.${pid}.stop_pid`, `proc.${pid}.exit`]);
    expect((await daemon.request(`GET /watch/proc/${pid}`)).json).toMatchObject({
      error: "not_found",
      code: "process_not_found",
    });
  });

  test("the long poll gives one event and ends; after its number the next poll misses nothing", async () => {
    const poll = daemon.request("GET /watch/create");
    const polled: string[] = [];
    const polling = poll.then((answer) => polled.push(answer.text));
    // It may not be listening yet.
    while (polled.length === 0) await live("polled");
    await polling;
    const { seq: first, ...named } = JSON.parse(polled[0] ?? "");
    expect(named).toMatchObject({ event: "create", name: "polled", topic: "create" });
    let seq = Number(first);
    await live("polled");
    const kinds = [];
    for (let at = 0; at < 7; at++) {
      const { json, headers } = await daemon.request(`GET /watch/proc/polled?since=${seq}`);
      expect(headers.get("content-type")).toStartWith("application/json");
      const { event, seq: next } = Object(json);
      expect(next).toBeGreaterThan(seq);
      seq = next;
      kinds.push(event);
    }
    expect(kinds).toEqual(
      "start spawn delete stop stop_pid exit create".split(" ").map((kind) => `proc.polled.${kind}`),
    );
  });

  test("continuous gives one JSON text a line, and its head at once", async () => {
    await using reader = await LineReader.open(daemon, "/watch/proc/lines?feed=continuous");
    await live("lines");
    await reader.until(({ lines }) => lines.length >= 7);
    expect(reader.lines.map(({ event }) => event)).toEqual(
      "create start spawn delete stop stop_pid exit".split(" ").map((kind) => `proc.lines.${kind}`),
    );
    expect(reader.ended).toBe(false);
  });

  test("resumes after cuts, again and again, while things happen: no gap and no double", async () => {
    const stop = new AbortController();
    await daemon.request("POST /processes", { name: "busy", cmd: "sleep 1000", start: false });
    const busy = (async () => {
      while (!stop.signal.aborted) await daemon.request("POST /processes/busy/_sub");
    })();
    const [seen, kinds]: [number[], (string | undefined)[]] = [[], []];
    let id = "";
    for (let round = 0; round < 15; round++) {
      await using reader = await opened(daemon, "/watch?feed=eventsource", id === "" ? {} : { "last-event-id": id });
      await reader.until(({ seqs }) => seqs.length >= 10);
      seen.push(...reader.seqs);
      kinds.push(...reader.kinds);
      id = reader.events.at(-1)?.id ?? "";
    }
    stop.abort();
    await busy;
    expect(seen).toEqual(seen.map((_, at) => (seen[0] ?? 0) + at));
    expect(kinds).not.toContain("gap");
    await daemon.request("DELETE /processes/busy");
  });

  test("beyond the kept history there is an explicit gap, in every form", async () => {
    const jobs = Array.from({ length: 3000 }, (_, at) => ({ name: `j${at}`, cmd: "true", start: false }));
    for (let round = 0; round < 4; round++) await daemon.request("PUT /sessions/many", { jobs: round % 2 ? [] : jobs });
    await using reader = await opened(daemon, "/watch?feed=eventsource&since=1");
    await reader.until(({ seqs }) => seqs.length > 3);
    const missed = (reader.seqs[0] ?? 0) - 2;
    const gap = { event: "gap", missed, seq: missed + 1, reason: expect.any(String) };
    expect(reader.events[0]).toMatchObject({ event: "gap", data: gap });
    expect((await daemon.request("GET /watch?since=1")).json).toEqual(gap);
    await using lines = await LineReader.open(daemon, "/watch/delete?feed=continuous&since=1");
    await lines.until(({ lines: all }) => all.length > 1);
    expect(lines.lines[0]).toEqual(gap);
    // Whoever polls on after the gap is told of what is kept.
    const { json } = await daemon.request(`GET /watch?since=${missed + 1}`);
    expect(json).toMatchObject({ seq: missed + 2 });
    await using other = await opened(daemon, "/watch?feed=eventsource", { "last-event-id": "0123abcd-5" });
    await other.until(({ seqs }) => seqs.length > 0);
    expect(other.events[0]).toMatchObject({ event: "gap", data: { missed: null } });
  });

  test("a quiet feed lives on past the time-outs, with heartbeats that are comments or empty lines", async () => {
    await using beats = await opened(daemon, "/watch/flap?feed=eventsource&heartbeat=0.1");
    using lines = await RawConnection.open(daemon.port);
    lines.send("GET /watch/flap?feed=continuous&heartbeat=0.1 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    using silent = await RawConnection.open(daemon.port);
    silent.send("GET /watch/create?heartbeat=3600 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    // Bun ends what is idle for 10 s.
    await beats.until(({ comments }) => comments >= 130);
    expect([beats.ended, beats.events, lines.closed, silent.closed]).toEqual([false, [], false, false]);
    expect(
      lines.got
        .split("\r\n\r\n")
        .slice(1)
        .join("")
        .replace(/1\r\n\n\r\n/g, ""),
    ).toBe("");
    await live("late");
    await silent.says(/"event":"create","name":"late"/);
  });

  test("what can't be watched is refused", async () => {
    for (const path of ["/watch/nope", "/watch/proc/no%20name", "/watch/proc/a/b%20c", "/watch/exit/a/b%20c"]) {
      const { status, json } = await daemon.request(`GET ${path}`);
      expect([path, status, json]).toMatchObject([
        path,
        404,
        { error: "bad_event_type", errno: 404, code: "bad_topic" },
      ]);
    }
    for (const query of ["feed=nope", "heartbeat=x", "heartbeat=0", "since=x", "what=1"]) {
      const { status, json } = await daemon.request(`GET /watch?${query}`);
      expect([query, status, json]).toMatchObject([query, 400, { error: "bad_request", code: "bad_request" }]);
    }
    expect((await daemon.request("GET /watch/proc/a/exit/b")).status).toBe(404);
  });

  test("no bug was met", () => {
    expect(daemon.gaffer.stderr).not.toContain("ERROR");
  });
});

/** A sleeper with a child of its own. */
const family = { cmd: "sleep 1000 & wait", shell: true };
/** Of a process of it, under the names of both generations. */
const sampleFields = {
  pid: 1,
  os_pid: number,
  mem_info1: size,
  mem_info2: size,
  cpu: number,
  mem: number,
  ctime: expect.stringMatching(/^\d+:\d\d\.\d\d$/),
  username: text,
  nice: number,
  cmdline: "sh",
  children: [expect.objectContaining({ pid: number, os_pid: number, cmdline: "sleep", username: text })],
};

describe("GET /stats", () => {
  let daemon: RunningDaemon;
  beforeAll(async () => {
    daemon = await RunningDaemon.start();
    await daemon.request("POST /processes?wait=10", { name: "fam", ...family });
    await daemon.request("POST /processes?wait=10", { name: "grp:two", cmd: "sleep 1000", numprocesses: 2 });
    await daemon.request("POST /processes?wait=10", { name: "off", cmd: "sleep 1000", start: false });
  });
  afterAll(() => daemon[Symbol.asyncDispose]());

  /** The shell starts before its child does. */
  const whole = async (path: string): Promise<unknown> => {
    await daemon.until("/stats/1", /"children":\[\{/);
    return (await daemon.request(`GET ${path}`)).json;
  };

  test("once: of everything, of a job, of a process by name and number or number alone", async () => {
    const off = { name: "off", stats: [], mem: 0, max_mem: 0, min_mem: 0, cpu: 0, max_cpu: 0, min_cpu: 0 };
    const two = { name: "grp:two", stats: [{ pid: 2, children: [] }, { pid: 3 }] };
    expect(await whole("/stats")).toMatchObject([{ name: "fam", stats: [sampleFields] }, two, off]);
    expect(await whole("/stats/fam")).toMatchObject({ name: "fam", stats: [sampleFields], cpu: expect.any(Number) });
    expect(await whole("/stats/grp.two?feed=normal")).toMatchObject(two);
    expect(await whole("/stats/off")).toEqual(off);
    expect(await whole("/stats/fam/1")).toMatchObject(sampleFields);
    expect(await whole("/stats/1")).toMatchObject(sampleFields);
    const info = Object((await daemon.request("GET /1")).json);
    expect(await whole("/stats/1")).toMatchObject({ os_pid: info.os_pid });
    expect((await daemon.request("GET /stats/grp:two/1")).json).toMatchObject({ error: "not_found", errno: 404 });
  });

  test("again and again, as events, lines, or the next one, while somebody listens", async () => {
    await whole("/stats");
    await using reader = await opened(daemon, "/stats/fam/1?feed=eventsource");
    await reader.until(({ events }) => events.length >= 3);
    expect(reader.events[0]).toMatchObject({ event: "stat", data: { name: "fam", ...sampleFields } });
    await using lines = await LineReader.open(daemon, "/stats?feed=continuous");
    await lines.until(({ lines: all }) => all.length >= 6);
    expect(new Set(lines.lines.map(({ name, pid }) => `${String(name)} ${String(pid)}`))).toEqual(
      new Set(["fam 1", "grp:two 2", "grp:two 3"]),
    );
    expect((await daemon.request("GET /stats/1?feed=longpoll")).json).toMatchObject({ event: "stat", ...sampleFields });
    expect((await daemon.request("GET /stats/grp:two?feed=longpoll")).json).toMatchObject([{ pid: 2 }, { pid: 3 }]);
    expect([reader.ended, lines.ended]).toEqual([false, false]);
  });

  test("a process that goes ends its feed, a job that is unloaded ends its own; then there is 404 and no stale number", async () => {
    await daemon.request("POST /processes?wait=10", { name: "brief", cmd: "sleep 1000", restart: "never" });
    const [pid] = /\d+/.exec((await daemon.request("GET /processes/brief/_pids")).text) ?? [];
    await using ofProcess = await opened(daemon, `/stats/${pid}?feed=eventsource`);
    await using ofJob = await LineReader.open(daemon, "/stats/brief?feed=continuous");
    await Promise.all([
      ofProcess.until(({ events }) => events.length > 0),
      ofJob.until(({ lines }) => lines.length > 0),
    ]);
    await daemon.request(`POST /processes/${pid}/_signal/KILL`);
    await ofProcess.until(({ ended }) => ended);
    for (const path of [`/stats/${pid}`, `/stats/brief/${pid}`]) {
      for (const feed of ["", "?feed=eventsource", "?feed=longpoll", "?feed=continuous"]) {
        const { status, json } = await daemon.request(`GET ${path}${feed}`);
        expect([path, feed, status, json]).toMatchObject([path, feed, 404, { error: "not_found", errno: 404 }]);
      }
    }
    expect(ofJob.ended).toBe(false);
    await daemon.request("DELETE /processes/brief?wait=10");
    await ofJob.until(({ ended }) => ended);
    for (const feed of ["", "?feed=eventsource", "?feed=longpoll"]) {
      expect([feed, (await daemon.request(`GET /stats/brief${feed}`)).status]).toEqual([feed, 404]);
    }
    expect((await daemon.request("GET /stats/fam?feed=nope")).status).toBe(400);
  });

  test("no bug was met", () => {
    expect(daemon.gaffer.stderr).not.toContain("ERROR");
  });
});

describe("GET /streams, as the documents of gaffer 0.4 show it", () => {
  test("without a label it is the first; what is not redirected is told", async () => {
    await using daemon = await RunningDaemon.start();
    const talk = { cmd: 'while :; do echo "STDOUTi $$$$"; echo "STDERR 1" >&2; sleep 0.01; done', shell: true };
    await daemon.request("POST /processes?wait=10", { name: "dummy", redirect_output: ["stdout", "stderr"], ...talk });
    await daemon.request("POST /processes?wait=10", { name: "mute", cmd: "sleep 1000", redirect_output: [] });
    expect((await daemon.request("GET /streams/1")).text).toMatch(/^STDOUTi \d+\n/);
    expect((await daemon.request("GET /streams/1/stderr?feed=longpoll")).text).toMatch(/^STDERR 1\n/);
    for (const [path, want] of [
      ["/streams/2", { error: "io_not_redirected", errno: 400 }],
      ["/streams/2/stdout?feed=eventsource", { error: "io_not_redirected", errno: 400 }],
      ["/streams/1/nope", { error: "io_not_found", errno: 404 }],
    ] as const) {
      const { status, json } = await daemon.request(`GET ${path}`);
      expect([path, json]).toMatchObject([path, { ...want, code: "stream_not_found" }]);
      expect(status).toBe(want.errno);
    }
    const refused = await daemon.request("POST /streams/2/stdin", "x");
    expect([refused.status, refused.json]).toMatchObject([403, { error: "forbidden_write", code: "input_closed" }]);
  });

  test("a silent binary feed that asked for heartbeats gets its head, and empty lines", async () => {
    await using daemon = await RunningDaemon.start();
    await daemon.request("POST /processes?wait=10", { name: "mute", cmd: "sleep 1000" });
    using feed = await RawConnection.open(daemon.port);
    feed.send("GET /streams/1/stdout?feed=continuous&heartbeat=0.1 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await feed.says(/\r\n\r\n1\r\n\n\r\n1\r\n\n\r\n/);
  });
});

describe("feeds of whose key is taken back", () => {
  test("end at once", async () => {
    await using keyed = await KeyedDaemon.start();
    await keyed.as(keyed.admin, "POST /processes?wait=10", { name: "dummy", cmd: "sleep 1000" });
    const key = (await keyed.key({ manage: ["*"] })).key;
    const feeds = ["/watch?feed=eventsource", "/stats?feed=eventsource", "/streams/1/stdout?feed=eventsource"];
    const readers = await Promise.all(feeds.map((path) => opened(keyed.daemon, path, { "x-api-key": key })));
    await readers[1]?.until(({ events }) => events.length > 0);
    expect((await keyed.as(keyed.admin, `DELETE /keys/${key}`)).status).toBe(200);
    for (const reader of readers) {
      await reader.until(({ ended }) => ended);
      await reader[Symbol.asyncDispose]();
    }
    await keyed.as(keyed.admin, "POST /processes/dummy/_stop");
    expect(readers[0]?.kinds).toEqual([]);
  });
});
