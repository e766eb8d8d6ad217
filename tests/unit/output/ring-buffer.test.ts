import { describe, expect, test } from "bun:test";
import { MemoryBudget } from "../../../src/output/memory-budget.ts";
import { RingBuffer } from "../../../src/output/ring-buffer.ts";

const page = 4096;
const textOf = (ring: RingBuffer) => Buffer.from(ring.snapshot()).toString("latin1");

/** `length` bytes that tell their own place. */
function counted(length: number, from = 0): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, n) => (from + n) % 251));
}

describe("RingBuffer", () => {
  test("keeps what was written", () => {
    const ring = new RingBuffer(new MemoryBudget());
    ring.write(Buffer.from("one "));
    ring.write(Buffer.from("two"));
    expect([textOf(ring), ring.length, ring.written, ring.lost]).toEqual(["one two", 7, 7, 0]);
  });

  test("takes no memory before it is written", () => {
    const budget = new MemoryBudget();
    const ring = new RingBuffer(budget);
    expect([ring.snapshot().length, budget.bytes]).toEqual([0, 0]);
  });

  test.each([1, 7, 100, page - 1, page, page + 1, 65_535, 65_536, 65_537, 200_000])(
    "keeps exactly the last 64 KiB of chunks of %d bytes",
    (size) => {
      const budget = new MemoryBudget();
      const ring = new RingBuffer(budget);
      const all: Buffer[] = [];
      for (let total = 0; total < 300_000 + size && all.length < 3000; total += size) {
        all.push(counted(size, total));
        ring.write(all.at(-1) ?? Buffer.alloc(0));
      }
      const whole = Buffer.concat(all);
      expect(Buffer.from(ring.snapshot()).equals(whole.subarray(-65_536))).toBe(true);
      expect(ring.lost).toBe(Math.max(0, whole.length - 65_536));
      expect(budget.bytes).toBeLessThanOrEqual(65_536 + 65_536 + page);
    },
  );

  test("chunks of any size, in any order, against a plain copy", () => {
    const budget = new MemoryBudget();
    const ring = new RingBuffer(budget, 10_000);
    let plain = Buffer.alloc(0);
    let seed = 7;
    for (let step = 0; step < 5000; step++) {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      const chunk = counted(seed % (step % 50 === 0 ? 30_000 : 600), step);
      ring.write(chunk);
      plain = Buffer.concat([plain, chunk]).subarray(-10_000);
      if (step % 37 === 0) expect(Buffer.from(ring.snapshot()).equals(plain)).toBe(true);
    }
    expect(Buffer.from(ring.snapshot()).equals(plain)).toBe(true);
  });

  test("clear() gives its memory to others", () => {
    const budget = new MemoryBudget(2 * page);
    const first = new RingBuffer(budget);
    const second = new RingBuffer(budget);
    first.write(counted(2 * page));
    first.clear();
    second.write(counted(2 * page, 3));
    expect([first.length, second.length, budget.bytes]).toEqual([0, 2 * page, 2 * page]);
  });
});

describe("MemoryBudget", () => {
  test("trims first what was written longest ago", () => {
    const budget = new MemoryBudget(4 * page);
    const [old, fresh, writing] = [new RingBuffer(budget), new RingBuffer(budget), new RingBuffer(budget)];
    fresh.write(counted(page));
    old.write(counted(2 * page));
    fresh.write(counted(page));
    writing.write(counted(page));
    expect([old.length, fresh.length, writing.length]).toEqual([page, 2 * page, page]);
    writing.write(counted(2 * page));
    expect([old.length, fresh.length, writing.length]).toEqual([0, page, 3 * page]);
  });

  test("a trimmed stream keeps its newest bytes and says how many it lost", () => {
    const budget = new MemoryBudget(2 * page);
    const [old, writing] = [new RingBuffer(budget), new RingBuffer(budget)];
    const bytes = counted(2 * page);
    old.write(bytes);
    writing.write(counted(10));
    expect(Buffer.from(old.snapshot()).equals(bytes.subarray(page))).toBe(true);
    expect(old.lost).toBe(page);
  });

  test("never grows over its bound, whoever writes", () => {
    const budget = new MemoryBudget(64 * page);
    const rings = Array.from({ length: 200 }, () => new RingBuffer(budget));
    for (let round = 0; round < 20; round++) for (const ring of rings) ring.write(counted(1500, round));
    expect(budget.bytes).toBe(64 * page);
    expect(rings.reduce((sum, ring) => sum + ring.length, 0)).toBeLessThanOrEqual(64 * page);
    expect(
      Buffer.from(rings.at(-1)?.snapshot() ?? [])
        .subarray(-1500)
        .equals(counted(1500, 19)),
    ).toBe(true);
  });

  test("one stream alone may use all of it, and goes round in it", () => {
    const budget = new MemoryBudget(page);
    const ring = new RingBuffer(budget);
    const bytes = counted(3 * page + 100);
    ring.write(bytes);
    expect(Buffer.from(ring.snapshot()).equals(bytes.subarray(-100))).toBe(true);
    expect(budget.bytes).toBe(page);
  });
});
