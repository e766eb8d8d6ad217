import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { EventReader } from "../support/event-reader.ts";
import { RunningDaemon } from "../support/running-daemon.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(60_000);

interface Entry {
  readonly time: number;
  readonly job: string;
  readonly label: string;
  readonly slot: number;
  readonly id: number;
  readonly text: string;
}

const speaker = (name: string): object => ({
  name,
  cmd: `for n in 1 2 3; do echo ${name}$n; done; echo ${name}err >&2; while read line; do echo $line; done`,
  shell: true,
  redirect_input: true,
});

describe("GET /logs and GET /jobs/S/N/logs", () => {
  let daemon: RunningDaemon;
  beforeAll(async () => {
    daemon = await RunningDaemon.start();
    for (const name of ["a", "b"]) {
      await daemon.request("POST /jobs/l?wait=10", speaker(name));
      await daemon.until(`/jobs/l/${name}/logs`, new RegExp(`${name}3\n[^]*${name}err\n|${name}err\n[^]*${name}3\n`));
    }
  });
  afterAll(() => daemon[Symbol.asyncDispose]());

  const entries = async (path: string): Promise<Entry[]> => {
    const answer = await daemon.request(`GET ${path}`, undefined, { headers: { accept: "application/x-ndjson" } });
    expect([path, answer.status, answer.headers.get("content-type")]).toEqual([path, 200, "application/x-ndjson"]);
    expect(answer.text === "" || answer.text.endsWith("}\n")).toBeTrue();
    return answer.text
      .split("\n")
      .slice(0, -1)
      .map((line): Entry => JSON.parse(line));
  };
  const texts = async (path: string): Promise<string[]> => (await entries(path)).map(({ text }) => text);
  const idOf = async (job: string): Promise<number> => {
    const { text } = await daemon.request(`GET /jobs/l/${job}/pids`);
    const { pids }: { pids: number[] } = JSON.parse(text);
    return pids[0] ?? 0;
  };
  const tell = async (job: string, line: string): Promise<void> => {
    const id = await idOf(job);
    expect((await daemon.request(`POST /streams/${id}/stdin`, `${line}\n`)).status).toBe(200);
  };

  test("as text, one line a line that was said", async () => {
    const { text, headers } = await daemon.request("GET /jobs/l/a/logs");
    expect(headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(text).toMatch(/^(\d\d:\d\d:\d\d l\.a\.1 \| a(1|2|3|err)\n){4}$/);
    expect((await daemon.request("GET /logs")).text).toMatch(/^(\d\d:\d\d:\d\d l\.[ab]\.1 \| [ab](1|2|3|err)\n){8}$/);
  });

  test("as JSON lines, with who said it, when, and where", async () => {
    const id = await idOf("a");
    const all = await entries("/jobs/l/a/logs");
    expect(all.filter(({ label }) => label === "stdout")).toEqual(
      ["a1", "a2", "a3"].map((text) => ({ time: expect.any(Number), id, slot: 1, job: "l.a", label: "stdout", text })),
    );
    expect(all.filter(({ label }) => label === "stderr").map(({ text }) => text)).toEqual(["aerr"]);
    expect(all.map(({ time }) => time)).toEqual(all.map(({ time }) => time).toSorted((a, b) => a - b));
  });

  test("as events, and they end when nobody asked for more", async () => {
    await using reader = await EventReader.open((signal) =>
      daemon.fetch("/jobs/l/a/logs", { headers: { accept: "text/event-stream" }, signal }),
    );
    await reader.until(({ ended }) => ended);
    expect(reader.kinds).toEqual(["log", "log", "log", "log"]);
    expect(reader.events.map(({ data }) => data)).toEqual(await entries("/jobs/l/a/logs"));
  });

  test("jobs are chosen, several too", async () => {
    expect((await texts("/logs?job=l.a")).toSorted()).toEqual(["a1", "a2", "a3", "aerr"]);
    expect(await texts("/logs?job=l.a&job=l/b")).toEqual(await texts("/logs"));
    expect(await texts("/logs?job=l:b")).toEqual(await texts("/jobs/l/b/logs"));
  });

  test("tail is the last lines of all together", async () => {
    const all = await texts("/logs");
    for (const tail of [0, 1, 3, 8, 100]) {
      expect([tail, await texts(`/logs?tail=${tail}`)]).toEqual([tail, tail === 0 ? [] : all.slice(-tail)]);
    }
  });

  test("since is an instant, in milliseconds or as a date", async () => {
    const all = await entries("/logs");
    const times = all.map(({ time }) => time);
    const [first = 0, last = 0] = [times.at(0), times.at(-1)];
    const expected = (since: number): string[] => all.filter(({ time }) => time >= since).map(({ text }) => text);
    for (const since of [0, first, first + 1, last, last + 1]) {
      expect([since, await texts(`/logs?since=${since}`)]).toEqual([since, expected(since)]);
      expect(await texts(`/logs?since=${new Date(since).toISOString()}`)).toEqual(expected(since));
    }
    expect(await texts(`/logs?since=${first}&tail=2`)).toEqual(expected(first).slice(-2));
  });

  test("follow: what is kept, then each line as it is said, in each form", async () => {
    await using reader = await EventReader.open((signal) =>
      daemon.fetch("/jobs/l/a/logs?follow=1", { headers: { accept: "text/event-stream" }, signal }),
    );
    await reader.until(({ kinds }) => kinds.length === 4);
    const abort = new AbortController();
    const said = { text: "", json: "" };
    const follow = async (form: "text" | "json", accept: string): Promise<void> => {
      const response = await daemon.fetch("/logs?follow&tail=1", { headers: { accept }, signal: abort.signal });
      const decoder = new TextDecoder();
      for await (const chunk of response.body ?? []) said[form] += decoder.decode(chunk, { stream: true });
    };
    const followers = [follow("text", "*/*"), follow("json", "application/x-ndjson")].map((end) => end.catch(String));
    await waitFor(
      () => said.text !== "" && said.json !== "",
      () => "the last line",
    );
    await tell("b", "live b");
    await tell("a", "live a");
    await reader.until(({ events }) => events.length === 5);
    await waitFor(
      () => said.text.includes("l.a.1 | live a\n") && said.json.includes('"text":"live a"}\n'),
      () => JSON.stringify(said),
    );
    expect(said.text.split("\n").slice(1)).toEqual([
      expect.stringContaining("| live b"),
      expect.stringContaining("| live a"),
      "",
    ]);
    expect(reader.events.at(-1)?.data).toMatchObject({ job: "l.a", text: "live a" });
    abort.abort();
    await Promise.all(followers);
  });

  test("a feed of events answers at once, though there is nothing to tell yet", async () => {
    await daemon.request("POST /jobs/l?wait=10", { name: "silent", cmd: "sleep 1000" });
    await using reader = await EventReader.open((signal) =>
      daemon.fetch("/jobs/l/silent/logs?follow=1", { headers: { accept: "text/event-stream" }, signal }),
    );
    await reader.until(({ comments }) => comments === 1);
    expect(reader.events).toEqual([]);
    await daemon.request("DELETE /jobs/l/silent?wait=10");
  });

  test.each<[number, string]>([
    [404, "/jobs/l/nope/logs"],
    [404, "/jobs/nope/a/logs"],
    [404, "/logs?job=l.nope"],
    [404, "/logs?job=l.a&job=nope&follow=1"],
    [400, "/logs?job=a%20b"],
    [400, "/logs?tail=x"],
    [400, "/logs?tail=-1"],
    [400, "/logs?tail=1.5"],
    [400, "/logs?tail="],
    [400, "/logs?since=yesterday"],
    [400, "/logs?since=web-1"],
    [400, "/logs?since="],
    [400, "/logs?since=2026-13-01"],
    [400, "/logs?follow=maybe"],
    [400, "/logs?tial=3"],
    [400, "/jobs/l/a/logs?job=l.b"],
  ])("%i: %s", async (status, path) => {
    const answer = await daemon.request(`GET ${path}`);
    expect([answer.status, answer.json]).toEqual([
      status,
      expect.objectContaining({ errno: status, message: expect.any(String) }),
    ]);
  });

  test("what a process said outlives it, and not its job; a job loaded again starts empty", async () => {
    const job = { name: "c", cmd: "echo said; exec sleep 1000", shell: true };
    await daemon.request("POST /jobs/l?wait=10", job);
    await daemon.until("/jobs/l/c/logs", /said/);
    await daemon.request("POST /jobs/l/c/state?wait=10", "0");
    expect(await texts("/jobs/l/c/logs")).toEqual(["said"]);
    await daemon.request("DELETE /jobs/l/c?wait=10");
    expect((await texts("/logs")).includes("said")).toBeFalse();
    expect((await daemon.request("GET /jobs/l/c/logs")).status).toBe(404);
    await daemon.request("POST /jobs/l?wait=10", { ...job, start: false });
    expect(await texts("/jobs/l/c/logs")).toEqual([]);
    await daemon.request("DELETE /jobs/l/c?wait=10");
  });

  test("a job loaded again while its old process is still going has nothing of it", async () => {
    const job = {
      name: "d",
      cmd: "trap 'sleep 0.2; echo old words; exit' TERM; echo old; while :; do sleep 0.02; done",
      shell: true,
    };
    await daemon.request("POST /jobs/l?wait=10", job);
    await daemon.until("/jobs/l/d/logs", /old/);
    const unloading = daemon.request("DELETE /jobs/l/d?wait=10");
    await daemon.until("/jobs", /^(?!.*"l\.d")/);
    await daemon.request("POST /jobs/l?wait=10", { name: "d", cmd: "echo new; exec sleep 1000", shell: true });
    await unloading;
    await daemon.until("/jobs/l/d/logs", /new/);
    expect(await texts("/jobs/l/d/logs")).toEqual(["new"]);
  });

  test("no bug was met", () => {
    expect(daemon.gaffer.stderr).not.toContain("ERROR");
  });
});
