import { describe, expect, test } from "bun:test";
import { OutputHub } from "../../../src/output/output-hub.ts";
import type { OutputSource } from "../../../src/output/output-source.ts";
import { CollectedSink } from "../../support/collected-sink.ts";

const web = { id: 1, job: "default.web", slot: 1 };
const all = () => true;

/** Sinks of a follower by `id/stream`. */
class Sinks extends Map<string, CollectedSink> {
  readonly attach = (source: OutputSource): CollectedSink => {
    const key = `${source.id}/${source.stream}`;
    if (this.has(key)) throw new Error(`${key} attached twice`);
    const sink = new CollectedSink();
    this.set(key, sink);
    return sink;
  };

  texts(): Record<string, string> {
    return Object.fromEntries([...this].map(([key, sink]) => [key, sink.text]));
  }
}

describe("OutputHub", () => {
  test("hands one chunk to all that follow, as the same bytes", () => {
    const hub = new OutputHub();
    const seen: Uint8Array[] = [];
    for (let n = 0; n < 2; n++) hub.follow(all, () => ({ write: (bytes) => seen.push(bytes), end: () => undefined }));
    const chunk = Buffer.from("hello");
    hub.open(web, "stdout").write(chunk);
    expect(seen.map((bytes) => bytes === chunk)).toEqual([true, true]);
  });

  test("follows outputs opened before and after, by filter", () => {
    const hub = new OutputHub();
    const sinks = new Sinks();
    const first = hub.open(web, "stdout");
    hub.follow((source) => source.stream === "stdout", sinks.attach);
    const later = hub.open({ ...web, id: 2, slot: 2 }, "stdout");
    const other = hub.open(web, "stderr");
    first.write(Buffer.from("one"));
    later.write(Buffer.from("two"));
    other.write(Buffer.from("three"));
    first.end();
    expect(sinks.texts()).toEqual({ "1/stdout": "one", "2/stdout": "two" });
    expect(sinks.get("1/stdout")?.ends).toBe(1);
  });

  test("a closed follower hears nothing more", () => {
    const hub = new OutputHub();
    const sinks = new Sinks();
    const follower = hub.follow(all, sinks.attach);
    const sink = hub.open(web, "stdout");
    sink.write(Buffer.from("heard"));
    follower.close();
    sink.write(Buffer.from("unheard"));
    sink.end();
    hub.open({ ...web, id: 2 }, "stdout").write(Buffer.from("unheard"));
    expect(sinks.texts()).toEqual({ "1/stdout": "heard" });
    expect(sinks.get("1/stdout")?.ends).toBe(0);
  });

  test("a log gets every byte from the first on, and no follower that comes or goes changes that", () => {
    const hub = new OutputHub();
    const log = new CollectedSink();
    const sink = hub.open(web, "stdout", log);
    const follower = hub.follow(all, new Sinks().attach);
    sink.write(Buffer.from("one "));
    follower.close();
    sink.write(Buffer.from("two"));
    sink.end();
    hub.open({ ...web, id: 2 }, "stdout").write(Buffer.from("of another"));
    expect([log.text, log.ends]).toEqual(["one two", 1]);
  });

  test("a late reader gets what is kept and then what comes, without gap or double", () => {
    const hub = new OutputHub();
    const sinks = new Sinks();
    const sink = hub.open(web, "stdout");
    sink.write(Buffer.from("before "));
    hub.follow(all, sinks.attach, { replay: true });
    sink.write(Buffer.from("after"));
    expect(sinks.texts()).toEqual({ "1/stdout": "before after" });
  });

  test("the last words of a process outlive it, under its own number", () => {
    const hub = new OutputHub();
    const first = hub.open(web, "stdout");
    first.write(Buffer.from("first\n"));
    first.end();
    const second = hub.open({ ...web, id: 2 }, "stdout");
    second.write(Buffer.from("second\n"));
    const sinks = new Sinks();
    hub.follow(all, sinks.attach, { replay: true });
    second.write(Buffer.from("live\n"));
    expect(sinks.texts()).toEqual({ "1/stdout": "first\n", "2/stdout": "second\nlive\n" });
    expect([...sinks.values()].map((collected) => collected.ends)).toEqual([1, 0]);
  });

  test("tells a late reader how much is kept no more", () => {
    const hub = new OutputHub({ keptBytes: 10 });
    hub.open(web, "stdout").write(Buffer.from("0123456789abcdef"));
    const sinks = new Sinks();
    hub.follow(all, sinks.attach, { replay: true });
    expect([sinks.texts(), sinks.get("1/stdout")?.gaps]).toEqual([{ "1/stdout": "6789abcdef" }, [6]]);
  });

  test("kept() tells the time of each stretch", () => {
    let time = 1000;
    const hub = new OutputHub({ now: () => time });
    const sink = hub.open(web, "stdout");
    for (const [at, text] of [
      [1000, "a"],
      [1050, "b"],
      [1100, "c"],
      [900, "d"],
    ] as const) {
      time = at;
      sink.write(Buffer.from(text));
    }
    const kept = hub.kept(all).map(({ timeMs, bytes }) => [timeMs, Buffer.from(bytes).toString()]);
    expect(kept).toEqual([
      [1000, "ab"],
      [1100, "c"],
      [900, "d"],
    ]);
  });

  test("time stamps of bytes that are gone go too", () => {
    let time = 0;
    const hub = new OutputHub({ now: () => time, keptBytes: 5000 });
    const sink = hub.open(web, "stdout");
    for (time = 0; time < 500_000; time += 100) sink.write(Buffer.from(`${time}\n`));
    const segments = hub.kept(all);
    const text = segments.map(({ bytes }) => Buffer.from(bytes).toString()).join("");
    expect(text.length).toBe(5000);
    for (const { timeMs, bytes } of segments.slice(1)) expect(Buffer.from(bytes).toString()).toBe(`${timeMs}\n`);
  });

  test("committed processes keep their output apart, and only so many of them", () => {
    const hub = new OutputHub();
    for (let id = 1; id <= 300; id++) {
      const sink = hub.open({ id, job: "default.web", slot: 0 }, "stdout");
      sink.write(Buffer.from(`${id}`));
      sink.end();
    }
    const kept = hub.kept(all).map(({ source, bytes }) => [source.id, Buffer.from(bytes).toString()]);
    expect(kept.length).toBe(256);
    expect([kept[0], kept.at(-1)]).toEqual([
      [45, "45\n"],
      [300, "300\n"],
    ]);
  });

  test("forget() drops one job's output and no other's", () => {
    const hub = new OutputHub();
    hub.open(web, "stdout").write(Buffer.from("gone"));
    hub.open({ ...web, job: "default.web2" }, "stdout").write(Buffer.from("kept"));
    hub.forget(new Set(["default.web"]));
    expect(hub.kept(all).map(({ source }) => source.job)).toEqual(["default.web2"]);
  });

  test("output that nobody writes takes no memory; all of it stays in one budget", () => {
    const hub = new OutputHub({ memoryBytes: 1_048_576 });
    const sinks = Array.from({ length: 100 }, (_, n) => hub.open({ id: n, job: "default.web", slot: n + 1 }, "stdout"));
    const idle = hub.memoryBytes;
    for (const sink of sinks) sink.write(Buffer.alloc(65_536));
    expect([idle, hub.memoryBytes]).toEqual([0, 1_048_576]);
  });

  test("a follower that throws is left out; the others and the child are unharmed", () => {
    const errors: unknown[] = [];
    const hub = new OutputHub({ onError: (error) => errors.push(String(error)) });
    let calls = 0;
    hub.follow(all, () => ({
      write: () => {
        calls++;
        throw new Error("broken");
      },
      end: () => undefined,
    }));
    const sinks = new Sinks();
    hub.follow(all, sinks.attach);
    const sink = hub.open(web, "stdout");
    sink.write(Buffer.from("a"));
    sink.write(Buffer.from("b"));
    expect([sinks.texts(), errors, calls]).toEqual([{ "1/stdout": "ab" }, ["Error: broken"], 1]);
  });

  test("a sink may close its follower while it is called", () => {
    const hub = new OutputHub();
    const sinks = new Sinks();
    const follower = hub.follow(all, () => ({ write: () => follower.close(), end: () => undefined }));
    hub.follow(all, sinks.attach);
    hub.open(web, "stdout").write(Buffer.from("x"));
    expect(sinks.texts()).toEqual({ "1/stdout": "x" });
  });
});
