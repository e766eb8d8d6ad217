import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { INPUT_LIMIT } from "../../../src/host/input-pipe.ts";
import { openPipes } from "../../support/open-descriptors.ts";
import { TempDir } from "../../support/temp-dir.ts";
import { thrownBy } from "../../support/thrown-by.ts";
import { TreeRun } from "../../support/tree-run.ts";
import { waitFor } from "../../support/wait-for.ts";

const input = { input: true } as const;
const line = (writer: number, round: number): string => `${writer} ${round} ${String(writer).repeat(6000)}\n`;
const sum = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

test("each write of ten writers arrives whole", async () => {
  await using run = new TreeRun("subreaper");
  const child = run.spawn(["cat"], input);
  const writer = async (number: number): Promise<void> => {
    for (let round = 0; round < 50; round++) {
      child.process.write(Buffer.from(line(number, round)));
      await Bun.sleep(1);
    }
  };
  await Promise.all(Array.from({ length: 10 }, (_, number) => writer(number)));
  child.process.endInput();
  await child.was("closed");
  const lines = child.sink.text.split("\n").slice(0, -1);
  expect(lines).toHaveLength(500);
  for (let number = 0; number < 10; number++) {
    const own = lines.filter((text) => text.startsWith(`${number} `)).map((text) => `${text}\n`);
    expect(own).toEqual(Array.from({ length: 50 }, (_, round) => line(number, round)));
  }
});

test("a child that never reads: 1 MiB waits, more is refused, and nothing blocks", async () => {
  await using run = new TreeRun("subreaper");
  const child = run.spawn("exec M", input);
  const piece = Buffer.alloc(65_536, "x");
  let taken = 0;
  const fill = () => {
    for (;;) {
      child.process.write(piece);
      taken += piece.length;
    }
  };
  const { code, message } = thrownBy(fill);
  expect(code).toBe("input_full");
  expect(message).toContain(String(INPUT_LIMIT));
  // What the pipe itself holds comes on top.
  expect(taken).toBeGreaterThanOrEqual(INPUT_LIMIT);
  expect(taken).toBeLessThanOrEqual(INPUT_LIMIT + 65_536 + piece.length);
  expect(thrownBy(() => child.process.write(piece)).code).toBe("input_full");
});

test("one write above the bound is refused, and the next is taken", async () => {
  await using run = new TreeRun("subreaper");
  const child = run.spawn(["cat"], input);
  expect(thrownBy(() => child.process.write(new Uint8Array(INPUT_LIMIT + 1))).code).toBe("input_full");
  child.process.write(Buffer.from("after"));
  child.process.endInput();
  await child.was("closed");
  expect(child.sink.text).toBe("after");
});

test("a child that closed its stdin: input_closed, at the first write", async () => {
  await using run = new TreeRun("subreaper");
  const child = run.spawn("exec <&-; echo closed; exec M", input);
  await child.said("closed");
  expect(thrownBy(() => child.process.write(Buffer.from("x"))).code).toBe("input_closed");
  expect(thrownBy(() => child.process.write(Buffer.from("x"))).code).toBe("input_closed");
});

test("a child that closes its stdin while much waits: input_closed, and nothing is left open", async () => {
  const before = openPipes();
  {
    await using run = new TreeRun("subreaper");
    using dir = new TempDir();
    const script = `while [ ! -e ${dir.file("go")} ]; do sleep 0.01; done; exec <&-; echo closed; exec M`;
    const child = run.spawn(script, input);
    child.process.write(Buffer.alloc(900_000, "x"));
    dir.write("go", "");
    await child.said("closed");
    await waitFor(
      () => {
        try {
          child.process.write(new Uint8Array(0));
          return false;
        } catch {
          return true;
        }
      },
      () => "the refusal",
    );
    expect(thrownBy(() => child.process.write(Buffer.from("x"))).code).toBe("input_closed");
  }
  expect(openPipes()).toEqual(before);
});

test("the end comes after what waits", async () => {
  await using run = new TreeRun("subreaper");
  const child = run.spawn("sleep 0.1; wc -c", input);
  child.process.write(new Uint8Array(1_000_000));
  child.process.endInput();
  expect(thrownBy(() => child.process.write(Buffer.from("x"))).code).toBe("input_closed");
  await child.was("closed");
  expect(child.sink.text.trim()).toBe("1000000");
});

test("a write after the exit: input_closed", async () => {
  await using run = new TreeRun("subreaper");
  const child = run.spawn("exit 0", input);
  await child.was("closed");
  expect(thrownBy(() => child.process.write(Buffer.from("x"))).code).toBe("input_closed");
  child.process.endInput();
});

test("without redirect_input there is none, and no stream of an unknown name", async () => {
  await using run = new TreeRun("subreaper");
  const child = run.spawn("exec M");
  const { code, message } = thrownBy(() => child.process.write(Buffer.from("x")));
  expect([code, message]).toEqual(["input_closed", expect.stringContaining("redirect_input")]);
  expect(thrownBy(() => child.process.write(Buffer.from("x"), "a")).code).toBe("stream_not_found");
});

test("every byte value arrives, and what the writer does to its buffer later does not matter", async () => {
  await using run = new TreeRun("subreaper");
  const child = run.spawn(["cat"], input);
  const bytes = Buffer.from(Array.from({ length: 256 * 1000 }, (_, n) => n % 256));
  const given = Buffer.from(bytes);
  child.process.write(given);
  given.fill(0);
  child.process.endInput();
  await child.was("closed");
  expect(child.sink.bytes.equals(bytes)).toBe(true);
});

test("5 MB in pieces of 64 KiB arrive whole at a slow reader", async () => {
  await using run = new TreeRun("subreaper");
  const script = `
import hashlib, sys, time
seen, total = hashlib.sha256(), 0
while True:
    piece = sys.stdin.buffer.read1(50_000)
    if not piece: break
    seen.update(piece); total += len(piece)
    time.sleep(0.0005)
print(total, seen.hexdigest())`;
  const child = run.spawn(["python3", "-c", script], input);
  const bytes = Buffer.from(Array.from({ length: 5_000_000 }, (_, n) => (n * 7919) % 251));
  let refused = 0;
  for (let at = 0; at < bytes.length;) {
    try {
      child.process.write(bytes.subarray(at, at + 65_536));
      at += 65_536;
    } catch {
      refused++;
      await Bun.sleep(1);
    }
  }
  child.process.endInput();
  await child.was("closed");
  expect(child.sink.text.trim()).toBe(`5000000 ${sum(bytes)}`);
  expect(refused).toBeGreaterThan(0);
});
