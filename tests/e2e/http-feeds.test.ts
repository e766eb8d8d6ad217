import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { EventReader } from "../support/event-reader.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { RunningDaemon } from "../support/running-daemon.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(40_000);

const memory = (daemon: RunningDaemon): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${daemon.gaffer.child.pid}/status`, "utf8"))?.[1]) / 1024;
const descriptors = (daemon: RunningDaemon): number => readdirSync(`/proc/${daemon.gaffer.child.pid}/fd`).length;

const events = (daemon: RunningDaemon, query = "", headers: Record<string, string> = {}): Promise<EventReader> =>
  EventReader.open((signal) => daemon.fetch(`/events${query}`, { signal, headers }));

/** Starts and stops a job that is there, so many times: each makes several events. */
async function happen(daemon: RunningDaemon, times = 1): Promise<void> {
  for (let at = 0; at < times; at++) await daemon.request("POST /jobs/e/a/numprocesses", { scale: "=0" });
}

describe("GET /events", () => {
  let daemon: RunningDaemon;
  beforeAll(async () => {
    daemon = await RunningDaemon.start();
    await daemon.request("POST /jobs/e", { name: "a", cmd: "sleep 1000", start: false });
  });
  afterAll(() => daemon[Symbol.asyncDispose]());

  test("gives what happens from now on, each once, with number, kind, topic and id", async () => {
    await using reader = await events(daemon);
    await daemon.request("POST /jobs/e", { name: "b", cmd: "sleep 1000" });
    await reader.until(({ kinds }) => kinds.includes("spawn"));
    const [first] = reader.events;
    expect(first).toMatchObject({ event: "load", data: { event: "load", name: "e.b", topic: "load" } });
    expect(first?.id).toMatch(/^[0-9a-f]+-\d+$/);
    expect(reader.seqs).toEqual(reader.seqs.map((_, at) => (reader.seqs[0] ?? 0) + at));
    await daemon.request("DELETE /jobs/e/b?wait=10");
    await reader.until(({ kinds }) => kinds.includes("exit"));
  });

  test("since=0 gives all that is kept, since=N what came after, an id resumes without a gap or a double", async () => {
    await happen(daemon, 30);
    await using all = await events(daemon, "?since=0");
    await all.until(({ seqs }) => seqs.length >= 30);
    expect(all.seqs[0]).toBe(1);
    const last = all.seqs.at(-1) ?? 0;
    await using after = await events(daemon, `?since=${last - 5}`);
    await after.until(({ seqs }) => seqs.length === 5);
    expect(after.seqs).toEqual([last - 4, last - 3, last - 2, last - 1, last]);
    await using resumed = await events(daemon, "?since=0", { "last-event-id": all.events.at(-4)?.id ?? "" });
    await happen(daemon, 3);
    await resumed.until(({ seqs }) => seqs.length >= 6);
    await all.until(({ seqs }) => seqs.at(-1) === resumed.seqs.at(-1));
    expect(resumed.seqs).toEqual(all.seqs.slice(-resumed.seqs.length));
    expect(resumed.seqs[0]).toBe(last - 2);
    expect([...all.kinds, ...after.kinds, ...resumed.kinds]).not.toContain("gap");
  });

  test("resumes while things happen, again and again, and misses nothing", async () => {
    const stop = new AbortController();
    const busy = (async () => {
      while (!stop.signal.aborted) await happen(daemon);
    })();
    const seen: number[] = [];
    let id = "0";
    for (let round = 0; round < 15; round++) {
      await using reader = await events(daemon, `?since=${id}`);
      await reader.until(({ seqs }) => seqs.length >= 10);
      seen.push(...reader.seqs);
      id = reader.events.at(-1)?.id ?? "";
    }
    stop.abort();
    await busy;
    expect(seen).toEqual(seen.map((_, at) => at + 1));
  });

  test("an id of another life, and a number that has not been given yet, begin with a gap", async () => {
    for (const since of ["0123abcd-5", "999999999"]) {
      await using reader = await events(daemon, `?since=${since}`);
      await reader.until(({ seqs }) => seqs.length > 3);
      expect(reader.events[0]).toMatchObject({ event: "gap", data: { event: "gap", missed: null } });
      expect(reader.seqs[0]).toBe(1);
    }
  });

  test("a pattern lets through what lies below it, and a quiet reader of a rare one is told of no gap", async () => {
    await daemon.request("POST /jobs/e", { name: "rare", cmd: "sleep 1000", start: false });
    await using reader = await events(daemon, "?pattern=job.e.rare");
    await using every = await events(daemon, "?pattern=job.e.");
    const jobs = Array.from({ length: 3000 }, (_, at) => ({ name: `j${at}`, cmd: "true", start: false }));
    for (let round = 0; round < 2; round++) {
      await daemon.request("PUT /sessions/many", { jobs });
      await daemon.request("DELETE /sessions/many?wait=10");
    }
    await daemon.request("POST /jobs/e/rare/numprocesses", { scale: 1 });
    await reader.until(({ events: heard }) => heard.length > 0);
    expect(reader.events[0]).toMatchObject({ event: "update", data: { name: "e.rare", topic: "job.e.rare.update" } });
    await every.until(({ events: heard }) => heard.length > 0);
    expect([...reader.kinds, ...every.kinds]).not.toContain("gap");
    await daemon.request("DELETE /jobs/e/rare?wait=10");
  });

  test("a resume that reaches too far back is told how much it missed", async () => {
    await using reader = await events(daemon, "?since=1");
    await reader.until(({ seqs }) => seqs.length > 3);
    const [gap] = reader.events;
    expect(gap).toMatchObject({ event: "gap", data: { event: "gap", missed: (reader.seqs[0] ?? 0) - 2 } });
    // Whoever resumes after the gap's own id begins where it ended.
    await using after = await events(daemon, `?since=${gap?.id}`);
    await after.until(({ seqs }) => seqs.length > 3);
    expect([after.seqs[0], after.kinds.includes("gap")]).toEqual([reader.seqs[0], false]);
  });

  test("a reader that is quiet past Bun's own limit stays, with heartbeats and without", async () => {
    await using beats = await events(daemon, "?heartbeat=0.1&pattern=none");
    await using quiet = await events(daemon, "?pattern=job.e.a&heartbeat=3600");
    await beats.until(({ comments }) => comments >= 130);
    expect([beats.ended, quiet.ended, quiet.comments]).toEqual([false, false, 1]);
    await happen(daemon);
    await quiet.until(({ events: heard }) => heard.length > 0);
  });

  test("a reader that reads nothing costs little, and gets its gap", async () => {
    using stuck = await RawConnection.open(daemon.port);
    stuck.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await stuck.says(/event-stream/);
    stuck.pause();
    const jobs = Array.from({ length: 3000 }, (_, at) => ({ name: `j${at}`, cmd: "true", start: false }));
    for (let round = 0; round < 2; round++) await daemon.request("PUT /sessions/many", { jobs: round ? [] : jobs });
    const before = memory(daemon);
    for (let round = 0; round < 16; round++) {
      await daemon.request("PUT /sessions/many", { jobs: round % 2 ? [] : jobs });
    }
    expect(memory(daemon) - before).toBeLessThan(64);
    stuck.resume();
    await stuck.says(/event: gap\ndata: \{"event":"gap","missed":\d+,/);
  });

  test("a thousand readers hear everything, and leave nothing behind", async () => {
    const before = descriptors(daemon);
    // Bun's own client holds 256 requests at most.
    const readers = await Promise.all(Array.from({ length: 1000 }, () => RawConnection.open(daemon.port)));
    for (const reader of readers) reader.send("GET /events?pattern=update HTTP/1.1\r\nHost: localhost\r\n\r\n");
    for (const reader of readers) await reader.says(/:\n\n/);
    await daemon.request("POST /jobs/e/a/numprocesses", { scale: "=2" });
    const heard = await Promise.all(readers.map((reader) => reader.says(/data: .*\n\n/)));
    expect(new Set(heard.map((text) => /data: .*/.exec(text)?.[0])).size).toBe(1);
    for (const reader of readers) reader.close();
    await waitFor(
      () => descriptors(daemon) <= before + 5,
      () => `${before} descriptors, there are ${descriptors(daemon)}`,
    );
  });

  test("no bug was met", () => {
    expect(daemon.gaffer.stderr).not.toContain("ERROR");
  });
});

describe("the streams of a process", () => {
  let daemon: RunningDaemon;
  beforeAll(async () => {
    daemon = await RunningDaemon.start();
  });
  afterAll(() => daemon[Symbol.asyncDispose]());

  const load = async (name: string, cmd: string, more: object = {}): Promise<string> => {
    await daemon.request("POST /jobs/x", {
      name,
      cmd,
      redirect_output: ["out"],
      redirect_input: true,
      graceful_timeout: 0.2,
      ...more,
    });
    await daemon.until(`/jobs/x/${name}`, /"state":"running"/);
    return /\d+/.exec((await daemon.request(`GET /jobs/x/${name}/pids`)).text)?.[0] ?? "";
  };

  test("what is written to stdin comes back by each of the three feeds", async () => {
    const pid = await load("cat", "cat");
    using continuous = await RawConnection.open(daemon.port);
    continuous.send(`GET /streams/${pid}/out?feed=continuous HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await continuous.says(/octet-stream/);
    await using reader = await EventReader.open((signal) =>
      daemon.fetch(`/streams/${pid}/out?feed=eventsource`, { signal }),
    );
    const poll = daemon.fetch(`/streams/${pid}/out`);
    const text = "héllo\nwörld";
    // The long poll may not be listening yet: it is written to until it has answered.
    const polled: string[] = [];
    const polling = poll.then(async (response) => polled.push(await response.text()));
    while (polled.length === 0) await daemon.request(`POST /streams/${pid}/stdin`, text);
    await polling;
    expect(polled[0]).toContain(text);
    await reader.until(({ events: heard }) => heard.length > 0);
    expect(reader.events[0]).toMatchObject({ event: "out", data: expect.stringContaining(text) });
    await continuous.says(/w\xc3\xb6rld/);
    expect((await daemon.request(`POST /streams/${pid}/ttin`, "x\n")).json).toEqual({ ok: true });
    await daemon.request("DELETE /jobs/x/cat?wait=10");
    await reader.until(({ ended }) => ended);
  });

  test("binary goes in and out as it is", async () => {
    const bytes = new Uint8Array(60_000).map((_, at) => (at * 31) % 256);
    const pid = await load("cat", "cat");
    const got: Uint8Array[] = [];
    const reading = (async () => {
      const response = await daemon.fetch(`/streams/${pid}/out?feed=continuous`);
      for await (const chunk of response.body ?? []) got.push(chunk);
    })();
    // It reads once something of this has come back; all of it is there when the last line is.
    while (got.length === 0) await daemon.request(`POST /streams/${pid}/stdin`, "ready\n");
    await daemon.request(`POST /streams/${pid}/stdin`, "begin\n");
    const payload = (): Buffer => {
      const all = Buffer.concat(got);
      const at = all.indexOf("begin\n");
      return at === -1 ? Buffer.alloc(0) : all.subarray(at + "begin\n".length);
    };
    expect((await daemon.request(`POST /streams/${pid}/stdin`, bytes)).status).toBe(200);
    await waitFor(
      () => payload().length === bytes.length,
      () => `${bytes.length} bytes, there are ${payload().length}`,
    );
    await daemon.request("DELETE /jobs/x/cat?wait=10");
    await reading;
    expect(payload().equals(bytes)).toBe(true);
  });

  test("what can't be is refused", async () => {
    const pid = await load("deaf", "sleep 1000", { redirect_input: false });
    expect(await daemon.request(`GET /streams/${pid}/err`)).toMatchObject({
      status: 404,
      json: { error: "io_not_found", code: "stream_not_found", message: expect.stringContaining("out") },
    });
    expect((await daemon.request("GET /streams/999999/out")).json).toMatchObject({ code: "process_not_found" });
    const refused = await daemon.request(`POST /streams/${pid}/stdin`, "x");
    expect([refused.status, refused.json]).toMatchObject([
      403,
      { error: "forbidden_write", errno: 403, code: "input_closed" },
    ]);
    expect((await daemon.request(`POST /streams/${pid}/nope`, "x")).json).toMatchObject({ error: "io_not_found" });
    expect((await daemon.request(`POST /streams/${pid}/stdin`, "x".repeat((1 << 20) + 1))).status).toBe(413);
    await daemon.request("DELETE /jobs/x/deaf?wait=10");
  });

  test("a process that reads nothing refuses what does not fit, whole, and a flood hurts nobody", async () => {
    const pid = await load("flood", "yes 0123456789012345678901234567890123456789");
    using stuck = await RawConnection.open(daemon.port);
    stuck.send(`GET /streams/${pid}/out?feed=continuous HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await stuck.says(/0123456789/);
    stuck.pause();
    const mib = "x".repeat(1 << 20);
    const statuses = [];
    for (let at = 0; at < 4; at++) statuses.push((await daemon.request(`POST /streams/${pid}/stdin`, mib)).status);
    expect(statuses).toContain(503);
    for (let at = 0; at < 200; at++) await daemon.request("GET /ping");
    expect(memory(daemon)).toBeLessThan(250);
    stuck.resume();
    await stuck.says(/bytes were lost here: the reader was too slow/);
    await daemon.request("DELETE /jobs/x/flood?wait=10");
  });
});

const counting = "n=0; while :; do n=$((n+1)); echo line $n é; sleep 0.005; done";
const numbers = (reader: EventReader): number[] =>
  reader.events.flatMap(({ data }) => [...textOf(data).matchAll(/line (\d+) é/g)].map(([, digits]) => Number(digits)));

const textOf = (data: unknown): string =>
  typeof data === "object" && data !== null && "text" in data ? String(data.text) : String(data);

/** Reads a feed in many short visits, each after the last id of the one before. */
async function readInVisits(
  daemon: RunningDaemon,
  path: string,
): Promise<{ seen: number[]; kinds: (string | undefined)[] }> {
  const [seen, kinds]: [number[], (string | undefined)[]] = [[], []];
  let id = "";
  for (let visit = 0; visit < 20; visit++) {
    const headers = { accept: "text/event-stream", ...(id === "" ? {} : { "last-event-id": id }) };
    await using reader = await EventReader.open((signal) => daemon.fetch(path, { signal, headers }));
    await reader.until(() => numbers(reader).length > 3);
    id = reader.events.at(-1)?.id ?? id;
    seen.push(...numbers(reader));
    kinds.push(...reader.kinds);
  }
  return { seen, kinds };
}

describe("going on after a cut", () => {
  test("neither logs nor the stream of a process have a gap or a double", async () => {
    await using daemon = await RunningDaemon.start();
    await daemon.request("POST /jobs/r?wait=10", { name: "a", cmd: counting.replaceAll("$", "$$"), shell: true });
    for (const path of ["/jobs/r/a/logs?follow=1", "/logs?follow=1", "/streams/1/stdout?feed=eventsource"]) {
      const { seen, kinds } = await readInVisits(daemon, path);
      const [first = 0] = seen;
      expect([path, seen]).toEqual([path, seen.map((_, at) => first + at)]);
      expect(kinds).not.toContain("gap");
    }
  });

  test("an id of another life begins with a gap", async () => {
    await using daemon = await RunningDaemon.start();
    await daemon.request("POST /jobs/r?wait=10", { name: "a", cmd: "echo one; exec sleep 1000", shell: true });
    await daemon.until("/logs", /one/);
    for (const path of ["/logs?follow=1", "/streams/1/stdout?feed=eventsource"]) {
      const headers = { accept: "text/event-stream", "last-event-id": "0123abcd-7" };
      await using reader = await EventReader.open((signal) => daemon.fetch(path, { signal, headers }));
      await reader.until(({ kinds }) => kinds.length >= 2);
      expect([path, reader.events[0]?.event, reader.events[0]?.data]).toEqual([
        path,
        "gap",
        expect.objectContaining({ missed: null }),
      ]);
    }
  });
});
