import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { closeSync, openSync, readFileSync } from "node:fs";
import { ConsoleOutput } from "../../../src/apps/console-output.ts";
import { openReactor } from "../../../src/host/open-reactor.ts";
import type { Reactor } from "../../../src/host/reactor.ts";
import { StdoutWriter } from "../../../src/host/stdout-writer.ts";
import { OutputHub } from "../../../src/output/output-hub.ts";
import { CollectedSink } from "../../support/collected-sink.ts";
import { openPipes } from "../../support/open-descriptors.ts";
import { pipe } from "../../support/piped-child.ts";
import { TempDir } from "../../support/temp-dir.ts";
import { waitFor } from "../../support/wait-for.ts";

/** From children's pipes to lines on a descriptor, as in `gaffer start`. */
class Pipeline implements AsyncDisposable {
  readonly hub = new OutputHub();
  readonly reactor: Reactor = openReactor();
  readonly writer: StdoutWriter;
  readonly #console: ConsoleOutput;

  constructor(fd: number, stallMs?: number) {
    const stall = stallMs === undefined ? {} : { stallMs };
    this.writer = new StdoutWriter({ reactor: this.reactor, fd, ...stall });
    this.#console = new ConsoleOutput({ hub: this.hub, writer: this.writer, colorize: false });
    this.#console.start({ events: { subscribe: () => undefined, unsubscribe: () => undefined } });
  }

  /** Starts `sh -c script` as process `web.SLOT`; settles when its output has ended. */
  run(slot: number, script: string): { ended: Promise<void>; child: Bun.Subprocess } {
    const [readEnd, writeEnd] = pipe();
    const child = Bun.spawn(["sh", "-c", script], { stdio: ["ignore", writeEnd, writeEnd] });
    closeSync(writeEnd);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.reactor.read(readEnd, this.hub.open({ id: slot, job: "default.web", slot }, "stdout"), resolve);
    return { ended: promise, child };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#console.stop();
    await this.writer[Symbol.asyncDispose]();
    await this.reactor[Symbol.asyncDispose]();
  }
}

/** Numbered lines, fast. */
const lines = (count: number) => `awk 'BEGIN { for (n = 0; n < ${count}; n++) printf "%06d %092d\\n", n, 0 }'`;
const textOf = (line: string) => line.slice(line.indexOf("| ") + 2);

describe("output of gaffer start", () => {
  let before: string[];

  beforeEach(() => {
    before = openPipes();
  });

  afterEach(() => {
    expect(openPipes()).toEqual(before);
  });

  test("lines of 50 children into a file are whole, in order, and all there", async () => {
    using dir = new TempDir();
    const fd = openSync(dir.file("out"), "w");
    const pipeline = new Pipeline(fd);
    await Promise.all(Array.from({ length: 50 }, (_, n) => pipeline.run(n + 1, lines(500)).ended));
    await pipeline[Symbol.asyncDispose]();
    closeSync(fd);
    const next = new Map<string, number>();
    for (const line of readFileSync(dir.file("out"), "latin1").trimEnd().split("\n")) {
      const [, name = "", number] = /^\d\d:\d\d:\d\d (web\.\d+) +\| (\d{6}) 0{92}$/.exec(line) ?? [];
      expect(Number(number)).toBe(next.get(name) ?? 0);
      next.set(name, Number(number) + 1);
    }
    expect([next.size, ...new Set(next.values())]).toEqual([50, 500]);
  });

  test("children wait for a slow reader, and not a line is lost", async () => {
    const [readEnd, writeEnd] = pipe();
    const pipeline = new Pipeline(writeEnd);
    const flood = pipeline.run(1, lines(200_000));
    await waitFor(
      () => pipeline.writer.queuedBytes > 1_000_000,
      () => `${pipeline.writer.queuedBytes} bytes queued`,
    );
    const waiting = flood.child.exitCode;
    const reading = openReactor();
    const sink = new CollectedSink();
    const ended = Promise.withResolvers<void>();
    reading.read(readEnd, sink, ended.resolve);
    await flood.ended;
    await pipeline[Symbol.asyncDispose]();
    closeSync(writeEnd);
    await ended.promise;
    await reading[Symbol.asyncDispose]();
    expect(waiting).toBeNull();
    expect(sink.lines.length).toBe(200_000);
    expect(sink.lines.every((line, n) => textOf(line).startsWith(String(n).padStart(6, "0")))).toBe(true);
  });

  test("children go on when the reader is stopped, and the gap is told when it goes on", async () => {
    const [readEnd, writeEnd] = pipe();
    const pipeline = new Pipeline(writeEnd, 30);
    const flood = pipeline.run(1, `${lines(200_000)}; echo done`);
    await flood.ended;
    expect(await flood.child.exited).toBe(0);
    const reading = openReactor();
    const sink = new CollectedSink();
    const ended = Promise.withResolvers<void>();
    reading.read(readEnd, sink, ended.resolve);
    await waitFor(
      () => sink.text.includes("did not keep up\n"),
      () => `${sink.length} bytes`,
    );
    await pipeline.run(2, "echo back").ended;
    await pipeline[Symbol.asyncDispose]();
    closeSync(writeEnd);
    await ended.promise;
    await reading[Symbol.asyncDispose]();
    const shown = sink.lines;
    const gaps = shown.flatMap((line) => /^… (\d+) lines? lost: /.exec(line)?.[1] ?? []).map(Number);
    expect(gaps.length).toBe(1);
    expect(shown.length - 1 + (gaps[0] ?? 0)).toBe(200_002);
    expect(textOf(shown.at(-1) ?? "")).toBe("back");
    const whole = /^\d\d:\d\d:\d\d web\.\d \| (\d{6} 0{92}|done|back)$/;
    expect(shown.filter((line) => !whole.test(line)).length).toBe(1);
  });

  test("a reader that leaves neither stops the children nor fails", async () => {
    const [readEnd, writeEnd] = pipe();
    const pipeline = new Pipeline(writeEnd);
    const flood = pipeline.run(1, lines(100_000));
    await waitFor(
      () => pipeline.writer.queuedBytes > 0,
      () => "a full pipe",
    );
    closeSync(readEnd);
    await flood.ended;
    expect(await flood.child.exited).toBe(0);
    await pipeline[Symbol.asyncDispose]();
    closeSync(writeEnd);
  });

  test("a late reader gets the last 64 KiB of a process that has ended", async () => {
    const [readEnd, writeEnd] = pipe();
    const pipeline = new Pipeline(writeEnd);
    await pipeline.run(1, `${lines(5000)} | cat`).ended;
    const kept = pipeline.hub.kept(() => true);
    const text = Buffer.concat(kept.map(({ bytes }) => bytes)).toString();
    expect(text.length).toBe(65_536);
    expect(text.endsWith(`004999 ${"0".repeat(92)}\n`)).toBe(true);
    closeSync(readEnd);
    await pipeline[Symbol.asyncDispose]();
    closeSync(writeEnd);
  });
});
