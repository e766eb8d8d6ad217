import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { EpollReactor } from "../../../src/host/epoll-reactor.ts";
import { libc } from "../../../src/host/libc.ts";
import { openReactor } from "../../../src/host/open-reactor.ts";
import type { Reactor } from "../../../src/host/reactor.ts";
import { StdoutWriter } from "../../../src/host/stdout-writer.ts";
import { StreamReactor } from "../../../src/host/stream-reactor.ts";
import { CollectedSink } from "../../support/collected-sink.ts";
import { openPipes } from "../../support/open-descriptors.ts";
import { pipe } from "../../support/piped-child.ts";
import { TempDir } from "../../support/temp-dir.ts";
import { waitFor } from "../../support/wait-for.ts";

const LINE_BYTES = 100;
const lineOf = (n: number) => `${String(n).padStart(LINE_BYTES - 1, "0")}\n`;
const linesOf = (count: number, from = 0) => Array.from({ length: count }, (_, n) => lineOf(from + n)).join("");

const argv = (count: number) => [process.execPath, "tests/fixtures/write-stdout.ts", String(count)];

/** A reactor that counts how it is paused. */
class WatchedReactor {
  readonly #reactor: Reactor;
  paused = false;
  pauses = 0;
  watches = 0;

  constructor(reactor: Reactor) {
    this.#reactor = reactor;
  }

  pause(): void {
    this.paused = true;
    this.pauses++;
  }

  resume(): void {
    this.paused = false;
  }

  watchWritable(fd: number, callback: () => void) {
    this.watches++;
    const watch = this.#reactor.watchWritable(fd, callback);
    return {
      cancel: () => {
        this.watches--;
        watch.cancel();
      },
    };
  }
}

/** Reads a pipe to its end by a reactor. */
function collect(reactor: Reactor, fd: number): { sink: CollectedSink; ended: Promise<void> } {
  const sink = new CollectedSink();
  const { promise, resolve } = Promise.withResolvers<void>();
  reactor.read(fd, sink, resolve);
  return { sink, ended: promise };
}

describe.each([
  ["EpollReactor", () => openReactor()],
  ["StreamReactor", () => new StreamReactor()],
])("StdoutWriter over %s", (_name, open) => {
  let reactor: Reactor;
  let watched: WatchedReactor;
  let before: string[];

  beforeEach(() => {
    before = openPipes();
    reactor = open();
    watched = new WatchedReactor(reactor);
  });

  afterEach(async () => {
    expect(watched.watches).toBe(0);
    await reactor[Symbol.asyncDispose]();
    await waitFor(
      () => {
        Bun.gc(true);
        return openPipes().join() === before.join();
      },
      () => openPipes().join(),
    );
  });

  test("writes a file at once", async () => {
    using dir = new TempDir();
    const fd = openSync(dir.file("out"), "a");
    await using writer = new StdoutWriter({ reactor: watched, fd });
    writer.write(Buffer.from(linesOf(50_000)));
    closeSync(fd);
    await writer[Symbol.asyncDispose]();
    expect(readFileSync(dir.file("out"), "latin1")).toBe(linesOf(50_000));
  });

  test("lets children wait while a pipe's reader is slow, and loses nothing", async () => {
    const [readEnd, writeEnd] = pipe();
    const writer = new StdoutWriter({ reactor: watched, fd: writeEnd });
    for (let n = 0; n < 30; n++) writer.write(Buffer.from(linesOf(1000, n * 1000)));
    const whileFull = { paused: watched.paused, queued: writer.queuedBytes > 1_000_000 };
    const reader = collect(reactor, readEnd);
    await waitFor(
      () => reader.sink.length === 30_000 * LINE_BYTES,
      () => `${reader.sink.length} bytes`,
    );
    await writer[Symbol.asyncDispose]();
    closeSync(writeEnd);
    await reader.ended;
    expect([whileFull, watched.paused, watched.pauses]).toEqual([{ paused: true, queued: true }, false, 1]);
    expect(reader.sink.text).toBe(linesOf(30_000));
  });

  test("leaves the description that others share as it was", async () => {
    const [readEnd, writeEnd] = pipe();
    const flags = () => libc()?.fcntl(writeEnd, 3, 0);
    const untouched = flags();
    const writer = new StdoutWriter({ reactor: watched, fd: writeEnd });
    writer.write(Buffer.from(linesOf(20_000)));
    expect([writer.queuedBytes > 0, flags()]).toEqual([true, untouched]);
    const reader = collect(reactor, readEnd);
    await writer[Symbol.asyncDispose]();
    expect(flags()).toBe(untouched);
    closeSync(writeEnd);
    await reader.ended;
    expect(reader.sink.text).toBe(linesOf(20_000));
  });

  test("leaves a reader behind that takes nothing, and tells it how many lines it missed", async () => {
    const [readEnd, writeEnd] = pipe();
    const writer = new StdoutWriter({ reactor: watched, fd: writeEnd, stallMs: 30 });
    writer.write(Buffer.from(linesOf(40_000)));
    const paused = watched.paused;
    await waitFor(
      () => !watched.paused,
      () => "the reader left behind",
    );
    writer.write(Buffer.from(linesOf(1233, 40_000)));
    writer.write(Buffer.from("one more that is lost\n"));
    const reader = collect(reactor, readEnd);
    await waitFor(
      () => reader.sink.text.includes("did not keep up\n"),
      () => `${reader.sink.length} bytes`,
    );
    writer.write(Buffer.from("back again\n"));
    await writer[Symbol.asyncDispose]();
    closeSync(writeEnd);
    await reader.ended;
    expect(paused).toBe(true);
    const gap = "… 1234 lines lost: the reader of stdout did not keep up\n";
    expect(reader.sink.text).toBe(`${linesOf(40_000)}${gap}back again\n`);
  });

  test("a closed pipe is told once, and what follows is dropped", async () => {
    const [readEnd, writeEnd] = pipe();
    const closes: unknown[] = [];
    const writer = new StdoutWriter({ reactor: watched, fd: writeEnd, onClosed: (error) => closes.push(error) });
    closeSync(readEnd);
    writer.write(Buffer.from("x\n"));
    writer.write(Buffer.from("y\n"));
    await writer[Symbol.asyncDispose]();
    closeSync(writeEnd);
    expect(closes).toEqual([undefined]);
  });

  test("a reader that leaves while lines wait for it is told the same way", async () => {
    const [readEnd, writeEnd] = pipe();
    const closed = Promise.withResolvers<unknown>();
    const writer = new StdoutWriter({ reactor: watched, fd: writeEnd, onClosed: closed.resolve });
    writer.write(Buffer.from(linesOf(40_000)));
    const paused = watched.paused;
    closeSync(readEnd);
    expect(await closed.promise).toBeUndefined();
    await writer[Symbol.asyncDispose]();
    closeSync(writeEnd);
    expect([paused, watched.paused, writer.queuedBytes]).toEqual([true, false, 0]);
  });

  test("tells a full disk as the error it is", async () => {
    const fd = openSync("/dev/full", "w");
    const errors: unknown[] = [];
    const writer = new StdoutWriter({ reactor: watched, fd, onClosed: (error) => errors.push(error) });
    writer.write(Buffer.from("x\n"));
    await writer[Symbol.asyncDispose]();
    closeSync(fd);
    expect(errors).toMatchObject([{ code: "ENOSPC" }]);
  });

  test("ends though its reader is stopped, with what it took", async () => {
    const [readEnd, writeEnd] = pipe();
    const writer = new StdoutWriter({ reactor: watched, fd: writeEnd, stallMs: 30 });
    writer.write(Buffer.from(linesOf(20_000)));
    await writer[Symbol.asyncDispose]();
    closeSync(writeEnd);
    const buffer = Buffer.alloc(2_000_000);
    const count = readSync(readEnd, buffer);
    closeSync(readEnd);
    expect(linesOf(20_000).startsWith(buffer.toString("latin1", 0, count))).toBe(true);
    expect(count).toBeGreaterThan(0);
  });

  test("gives up a reader that takes nothing, and says how many lines it did not get", async () => {
    const [readEnd, writeEnd] = pipe();
    const writer = new StdoutWriter({ reactor: watched, fd: writeEnd, stallMs: 30 });
    writer.write(Buffer.from(linesOf(20_000)));
    const lost = await writer.finish();
    closeSync(writeEnd);
    const count = readSync(readEnd, Buffer.alloc(2_000_001));
    closeSync(readEnd);
    // A line of which it got a part is lost.
    expect(lost).toBe(20_000 - Math.floor(count / LINE_BYTES));
  });

  test("counts what was left out before, once", async () => {
    const [readEnd, writeEnd] = pipe();
    const writer = new StdoutWriter({ reactor: watched, fd: writeEnd, stallMs: 30 });
    writer.write(Buffer.from(linesOf(40_000)));
    await waitFor(
      () => !watched.paused,
      () => "the reader left behind",
    );
    writer.write(Buffer.from(linesOf(1234)));
    const lost = await writer.finish();
    closeSync(writeEnd);
    const count = readSync(readEnd, Buffer.alloc(5_000_000));
    closeSync(readEnd);
    expect(lost).toBe(41_234 - Math.floor(count / LINE_BYTES));
  });

  test("waits with patience for a reader that took nothing for long, and loses nothing", async () => {
    const [readEnd, writeEnd] = pipe();
    const writer = new StdoutWriter({ reactor: watched, fd: writeEnd, stallMs: 30 });
    writer.write(Buffer.from(linesOf(40_000)));
    const finished = writer.finish({ patient: true });
    // Left behind: children would go on.
    await waitFor(
      () => !watched.paused,
      () => "the stall",
    );
    const reader = collect(reactor, readEnd);
    expect(await finished).toBe(0);
    closeSync(writeEnd);
    await reader.ended;
    expect(reader.sink.text).toBe(linesOf(40_000));
  });

  test("with patience still ends at once at the signal, and when its reader goes", async () => {
    const [readEnd, writeEnd] = pipe();
    const hurry = new AbortController();
    const writer = new StdoutWriter({ reactor: watched, fd: writeEnd });
    writer.write(Buffer.from(linesOf(20_000)));
    const interrupted = writer.finish({ patient: true, signal: hurry.signal });
    hurry.abort();
    expect(await interrupted).toBeGreaterThan(0);
    const other = new StdoutWriter({ reactor: watched, fd: writeEnd });
    other.write(Buffer.from(linesOf(20_000)));
    const left = other.finish({ patient: true });
    closeSync(readEnd);
    expect(await left).toBe(0);
    closeSync(writeEnd);
  });

  test("a line longer than the whole queue passes", async () => {
    const [readEnd, writeEnd] = pipe();
    const writer = new StdoutWriter({ reactor: watched, fd: writeEnd });
    writer.write(Buffer.from("first\n"));
    writer.write(Buffer.concat([Buffer.alloc(10_000_000, "x"), Buffer.from("\n")]));
    const reader = collect(reactor, readEnd);
    await writer[Symbol.asyncDispose]();
    closeSync(writeEnd);
    await reader.ended;
    expect(reader.sink.length).toBe(10_000_007);
  });
});

describe("StdoutWriter as a program's stdout", () => {
  test("a socket gets everything", async () => {
    const run = Bun.spawn(argv(50_000), { stdio: ["ignore", "pipe", "inherit"] });
    expect(await run.stdout.text()).toBe(linesOf(50_000));
    expect(await run.exited).toBe(0);
  });

  test("a pipe whose reader starts late gets everything", async () => {
    const run = Bun.spawn(["sh", "-c", `${argv(50_000).join(" ")} | { read first; echo "$first"; cat; }`], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    expect(await run.stdout.text()).toBe(linesOf(50_000));
  });

  test("a terminal gets everything", async () => {
    let text = "";
    const ended = Promise.withResolvers<void>();
    const run = Bun.spawn(argv(20_000), {
      terminal: {
        cols: 200,
        rows: 50,
        data: (_terminal, bytes) => {
          text += Buffer.from(bytes).toString("latin1");
        },
        exit: () => ended.resolve(),
      },
    });
    expect(await run.exited).toBe(0);
    await ended.promise;
    run.terminal?.close();
    expect(text).toBe(linesOf(20_000).replaceAll("\n", "\r\n"));
  });

  test("another user's pipe that somebody made non-blocking gets everything", async () => {
    const program = JSON.stringify(["setpriv", "--reuid=65534", "--clear-groups", ...argv(20_000)]);
    const python = `import os; os.set_blocking(1, False); a = ${program}; os.execvp(a[0], a)`;
    const script = `python3 -c '${python}' | { read first; echo "$first"; cat; }`;
    const run = Bun.spawn(["sh", "-c", script], { stdio: ["ignore", "pipe", "inherit"] });
    expect(await run.stdout.text()).toBe(linesOf(20_000));
  });

  test("another user's pipe, which can't be opened anew, gets everything", async () => {
    const script = `exec setpriv --reuid=65534 --clear-groups ${argv(20_000).join(" ")} 2>&1 | cat`;
    const run = Bun.spawn(["sh", "-c", script], { stdio: ["ignore", "pipe", "inherit"] });
    expect(await run.stdout.text()).toBe(linesOf(20_000));
  });
});

test("an EpollReactor is what this machine gets", async () => {
  await using reactor = openReactor();
  expect(reactor).toBeInstanceOf(EpollReactor);
});
