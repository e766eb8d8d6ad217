import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { closeSync, writeSync } from "node:fs";
import { EpollReactor } from "../../../src/host/epoll-reactor.ts";
import { libc } from "../../../src/host/libc.ts";
import { StreamReactor } from "../../../src/host/stream-reactor.ts";
import { CollectedSink } from "../../support/collected-sink.ts";
import { openPipes } from "../../support/open-descriptors.ts";
import { pipe, PipedChild } from "../../support/piped-child.ts";
import { waitFor } from "../../support/wait-for.ts";

function epollReactor(): EpollReactor {
  const c = libc();
  if (c === undefined) throw new Error("no C library to be had");
  return new EpollReactor(c);
}

const sh = (script: string) => ["sh", "-c", script];

describe.each([
  ["EpollReactor", epollReactor],
  ["StreamReactor", () => new StreamReactor()],
])("%s", (_name, open) => {
  let reactor: EpollReactor | StreamReactor;
  let before: string[];

  beforeEach(() => {
    before = openPipes();
    reactor = open();
  });

  afterEach(async () => {
    expect(reactor.size).toBe(0);
    await reactor[Symbol.asyncDispose]();
    // Bun's streams read a copy of the descriptor, and may close it only when they are collected.
    await waitFor(
      () => {
        if (reactor instanceof StreamReactor) Bun.gc(true);
        return openPipes().join() === before.join();
      },
      () => `only ${before.join()}, not ${openPipes().join()}`,
    );
  });

  test("reads 5 MB of a child that dies at once", async () => {
    const child = new PipedChild(reactor, sh("head -c 5000000 /dev/zero | tr '\\0' x"));
    await child.ended;
    expect(child.sink.length).toBe(5_000_000);
    expect(child.sink.bytes.every((byte) => byte === 120)).toBe(true);
  });

  test("reads a last line without newline, tells the end once", async () => {
    const child = new PipedChild(reactor, sh("printf 'one\\ntwo'"));
    await child.ended;
    child.reader.abandon();
    child.reader.drain();
    expect([child.sink.text, child.sink.ends, child.onEnds]).toEqual(["one\ntwo", 1, 1]);
  });

  test("keeps the order of two outputs that are one pipe", async () => {
    const child = new PipedChild(reactor, sh("for n in 1 2 3 4; do echo out$n; echo err$n >&2; done"));
    await child.ended;
    expect(child.sink.lines).toEqual(["out1", "err1", "out2", "err2", "out3", "err3", "out4", "err4"]);
  });

  test("hands on every byte value untouched", async () => {
    const script = "import sys; sys.stdout.buffer.write(bytes(range(256)) * 1000)";
    const child = new PipedChild(reactor, ["python3", "-c", script]);
    await child.ended;
    expect(child.sink.bytes.equals(Buffer.concat(Array(1000).fill(Buffer.from([...Array(256).keys()]))))).toBe(true);
  });

  test("abandon() reads what is there when a grandchild keeps the pipe open", async () => {
    const child = new PipedChild(reactor, sh("sleep 600 & echo pid $!; echo last words"));
    await child.child.exited;
    child.reader.abandon();
    await child.ended;
    const [, grandchild] = /^pid (\d+)\nlast words\n$/.exec(child.sink.text) ?? [];
    process.kill(Number(grandchild), "SIGKILL");
    expect(child.sink.ends).toBe(1);
  });

  test("abandon() ends though a stranger writes without pause", async () => {
    const child = new PipedChild(reactor, ["yes"]);
    await waitFor(
      () => child.sink.length > 0,
      () => "output of yes",
    );
    child.reader.abandon();
    await child.ended;
    await child.child.exited;
    expect(child.child.signalCode ?? child.child.exitCode).not.toBe(0);
  });

  test("drain() goes on waiting", async () => {
    const [readEnd, writeEnd] = pipe();
    const sink = new CollectedSink();
    const ended = Promise.withResolvers<void>();
    const reader = reactor.read(readEnd, sink, ended.resolve);
    writeSync(writeEnd, "one");
    reader.drain();
    await waitFor(
      () => sink.text === "one",
      () => sink.text,
    );
    writeSync(writeEnd, "two");
    closeSync(writeEnd);
    await ended.promise;
    expect(sink.text).toBe("onetwo");
  });

  test("loses nothing of 200 writers at once", async () => {
    const script = 'n=0; while [ $n -lt 50 ]; do echo "line $n"; n=$((n+1)); done';
    const children = Array.from({ length: 200 }, () => new PipedChild(reactor, sh(script)));
    await Promise.all(children.map((child) => child.ended));
    const expected = Array.from({ length: 50 }, (_, n) => `line ${n}`);
    for (const child of children) expect(child.sink.lines).toEqual(expected);
  });

  test("does not confuse an output with one that had the same descriptor before", async () => {
    for (let round = 0; round < 200; round++) {
      const [readEnd, writeEnd] = pipe();
      const sink = new CollectedSink();
      const ended = Promise.withResolvers<void>();
      const reader = reactor.read(readEnd, sink, ended.resolve);
      writeSync(writeEnd, `round ${round}`);
      if (round % 2 === 0) closeSync(writeEnd);
      else reader.abandon();
      await ended.promise;
      if (round % 2 === 1) closeSync(writeEnd);
      expect(sink.text).toBe(`round ${round}`);
    }
  });

  test("reads nothing while paused, and everything after", async () => {
    const child = new PipedChild(reactor, sh("head -c 1000000 /dev/zero; exec sleep 600"));
    reactor.pause();
    const other = new PipedChild(reactor, sh("echo early; echo late"));
    await other.child.exited;
    const paused = other.sink.length;
    other.reader.drain();
    await other.ended;
    expect([paused, other.sink.text]).toEqual([0, "early\nlate\n"]);
    expect(child.sink.length).toBeLessThan(1_000_000);
    reactor.resume();
    await waitFor(
      () => child.sink.length === 1_000_000,
      () => `${child.sink.length} of 1000000`,
    );
    child.child.kill("SIGKILL");
    await child.ended;
  });

  test("disposing it ends every output", async () => {
    const [readEnd, writeEnd] = pipe();
    const sink = new CollectedSink();
    const ended = Promise.withResolvers<void>();
    reactor.read(readEnd, sink, ended.resolve);
    writeSync(writeEnd, "kept");
    await reactor[Symbol.asyncDispose]();
    await ended.promise;
    closeSync(writeEnd);
    expect([sink.text, sink.ends]).toEqual(["kept", 1]);
    reactor = open();
  });

  test("tells when a full pipe has room, and not after cancel()", async () => {
    const [readEnd, writeEnd] = pipe();
    const c = libc();
    c?.fcntl(writeEnd, 4, 0o4000);
    let filled = 0;
    const fill = () => {
      for (;;) {
        try {
          filled += writeSync(writeEnd, Buffer.alloc(65_536));
        } catch {
          break;
        }
      }
    };
    fill();
    const room = Promise.withResolvers<void>();
    let calls = 0;
    const watch = reactor.watchWritable(writeEnd, () => {
      calls++;
      room.resolve();
    });
    const sink = new CollectedSink();
    const ended = Promise.withResolvers<void>();
    reactor.read(readEnd, sink, ended.resolve);
    await room.promise;
    watch.cancel();
    const told = calls;
    fill();
    closeSync(writeEnd);
    await ended.promise;
    expect([calls, sink.length]).toEqual([told, filled]);
  });
});

describe("EpollReactor", () => {
  test("outlives a storm of signals without losing a byte", async () => {
    await using reactor = epollReactor();
    const storm = "import os,sys\nfor n in range(100000): os.write(1, b'%06d\\n' % n)";
    const children = [0, 1].map(() => new PipedChild(reactor, ["python3", "-c", storm]));
    await Promise.all(children.map((child) => child.ended));
    for (const child of children) {
      expect(child.sink.length).toBe(700_000);
      expect(child.sink.lines.every((line, n) => Number(line) === n)).toBe(true);
    }
  });

  test("goes on reading the others when a sink throws", async () => {
    const script = `
      import { closeSync, writeSync } from "node:fs";
      import { libc, openPipe } from "./src/host/libc.ts";
      import { EpollReactor } from "./src/host/epoll-reactor.ts";
      process.on("uncaughtException", (error) => console.log(error.message));
      const reactor = new EpollReactor(libc());
      for (const text of ["bad", "good"]) {
        const [r, w] = openPipe(libc());
        const write = (bytes) => { if (text === "bad") throw new Error("a full disk"); process.stdout.write(bytes); };
        reactor.read(r, { write, end() {} }, () => console.log(" ended"));
        writeSync(w, text);
        closeSync(w);
      }
    `;
    const run = Bun.spawn([process.execPath, "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    const said = await run.stdout.text();
    expect(
      said
        .split(/\n| /)
        .filter((word) => word !== "")
        .toSorted(),
    ).toEqual(["a", "disk", "ended", "ended", "full", "good"]);
    expect(await run.exited).toBe(0);
  });

  test("holds the event loop while it reads, and only then", async () => {
    const script = `
      import { closeSync } from "node:fs";
      import { libc, openPipe } from "./src/host/libc.ts";
      import { EpollReactor } from "./src/host/epoll-reactor.ts";
      const [r, w] = openPipe(libc());
      const child = Bun.spawn(["sh", "-c", "sleep 0.2; echo said"], { stdio: ["ignore", w, w] });
      child.unref();
      closeSync(w);
      new EpollReactor(libc()).read(r, { write: (b) => process.stdout.write(b), end() {} }, () => console.log("ended"));
    `;
    const run = Bun.spawn([process.execPath, "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    expect(await run.stdout.text()).toBe("said\nended\n");
    expect(await run.exited).toBe(0);
  });
});
