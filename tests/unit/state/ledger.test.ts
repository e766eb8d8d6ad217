import { describe, expect, test } from "bun:test";
import type { SpawnIntent, SpawnRecord } from "../../../src/manager/spawn-journal.ts";
import { Ledger } from "../../../src/state/ledger.ts";
import { RECORD_BYTES, seal } from "../../../src/state/ledger-record.ts";
import { HEADER_BYTES } from "../../../src/state/ledger-header.ts";
import { MemoryStore } from "../../support/memory-store.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

const tokenPrefix = "a".repeat(32);
const folder = "/sys/fs/cgroup/gaffer-i1";
const hex = (id: number): string => String(id).padStart(32, "0");

const intent = (id: number, part: Partial<SpawnIntent> = {}): SpawnIntent => ({
  id,
  label: `app.web.${id}`,
  detach: false,
  stopSignal: 15,
  gracefulTimeoutMs: 30_000,
  fingerprint: "",
  token: tokenPrefix + hex(id),
  folder: `${folder}/${id}`,
  ...part,
});

/** The record that an intent is read back as. */
const record = (id: number, part: Partial<SpawnRecord> = {}): SpawnRecord => ({
  osPid: undefined,
  start: undefined,
  ...intent(id),
  ...part,
});

/** One life of a ledger on a store, and what it said. */
function open(store: MemoryStore, part: { bootId?: string; instance?: string } = {}): Ledger & { said: string[] } {
  const said: string[] = [];
  const warn = (text: string): void => void said.push(text);
  return Object.assign(new Ledger({ store, instance: "i1", tokenPrefix, bootId: "boot-1", warn, ...part }), { said });
}

/** A ledger with `count` processes spawned. */
function filled(count: number): MemoryStore {
  const store = new MemoryStore();
  const ledger = open(store);
  ledger.useFolder(folder);
  for (let id = 1; id <= count; id++) {
    ledger.intend(intent(id));
    ledger.spawned(id, 1000 + id, 77);
  }
  return store;
}

const idsOf = (ledger: Ledger): number[] => ledger.left.map(({ id }) => id).toSorted((a, b) => a - b);

/** The bytes of the record in a place. */
const at = (index: number): number => HEADER_BYTES + index * RECORD_BYTES;

describe("Ledger", () => {
  test("gives back every field of what was intended, spawned and not gone", () => {
    const store = new MemoryStore();
    const ledger = open(store);
    ledger.useFolder(folder);
    const detached = { detach: true, fingerprint: hex(5), stopSignal: 2, gracefulTimeoutMs: 0, folder: undefined };
    ledger.intend(intent(1));
    ledger.intend(intent(2, detached));
    ledger.intend(intent(3));
    ledger.spawned(2, 4_194_304, Number.MAX_SAFE_INTEGER);
    ledger.spawned(3, 33, undefined);
    const next = open(store);
    expect(next.left).toEqual([
      record(1),
      record(2, { ...detached, osPid: 4_194_304, start: Number.MAX_SAFE_INTEGER }),
      record(3, { osPid: 33 }),
    ]);
    expect([next.folders, next.said, ledger.said]).toEqual([[folder], [], []]);
  });

  test("holds nothing of what is gone, and uses its place again", () => {
    const store = filled(3);
    const size = store.bytes?.length;
    const ledger = open(store);
    for (const one of ledger.left) ledger.forget(one);
    expect(ledger.size).toBe(0);
    for (let id = 1; id <= 2000; id++) {
      ledger.intend(intent(id));
      ledger.spawned(id, id, id);
      ledger.gone(id);
    }
    expect(store.bytes?.length).toBe(size);
    expect(open(store).left).toEqual([]);
  });

  test("grows in blocks, each record found again", () => {
    const store = filled(700);
    expect(store.bytes?.length).toBe(at(768));
    expect(idsOf(open(store))).toEqual(Array.from({ length: 700 }, (_, index) => index + 1));
  });

  test("a step is one write, of one record", () => {
    const store = filled(1);
    const ledger = open(store);
    const before = store.writes;
    ledger.intend(intent(2));
    ledger.spawned(2, 1, 1);
    ledger.gone(2);
    expect(store.writes - before).toBe(3);
  });

  test("what is adopted goes on under its new number, and is gone under that", () => {
    const store = filled(2);
    const ledger = open(store);
    const [first] = ledger.left;
    if (first === undefined) throw new Error("nothing left");
    ledger.adopted(90, first);
    expect(ledger.left).toEqual([record(2, { osPid: 1002, start: 77 })]);
    expect(idsOf(open(store))).toEqual([2, 90]);
    ledger.gone(90);
    expect(idsOf(open(store))).toEqual([2]);
  });

  test("numbers of a new life are told from the same numbers of the last", () => {
    const store = filled(2);
    const ledger = open(store);
    ledger.intend(intent(1, { label: "app.other.1" }));
    ledger.gone(1);
    expect(idsOf(open(store))).toEqual([1, 2]);
    ledger.gone(2);
    expect(idsOf(open(store))).toEqual([1, 2]);
  });

  test("a very long label is cut, and still told from others", () => {
    const store = new MemoryStore();
    const ledger = open(store);
    const long = `default.${"j".repeat(300)}`;
    const [one, two] = [ledger.labelOf(`${long}.1`), ledger.labelOf(`${long}.2`)];
    expect([one.length, two.length, one === two]).toEqual([96, 96, false]);
    const largest = {
      id: Number.MAX_SAFE_INTEGER,
      label: one,
      stopSignal: 64,
      gracefulTimeoutMs: 2 ** 31 - 1,
      fingerprint: hex(1),
      folder: `${folder}/${Number.MAX_SAFE_INTEGER}`,
    };
    ledger.useFolder(folder);
    ledger.intend(intent(1, largest));
    ledger.spawned(largest.id, 2 ** 22, Number.MAX_SAFE_INTEGER);
    expect(open(store).left).toEqual([record(1, { ...largest, osPid: 2 ** 22, start: Number.MAX_SAFE_INTEGER })]);
    expect(ledger.labelOf("app.web.1")).toBe("app.web.1");
  });

  test("control groups of earlier lives stay known as long as a process is held in them", () => {
    const store = filled(2);
    const second = open(store);
    second.useFolder("/other/gaffer-i1");
    second.intend(intent(3, { folder: "/other/gaffer-i1/3" }));
    const third = open(store);
    expect(third.folders).toEqual([folder, "/other/gaffer-i1"]);
    expect(third.left.map((one) => one.folder)).toEqual([`${folder}/1`, `${folder}/2`, "/other/gaffer-i1/3"]);
    for (const one of third.left) third.forget(one);
    third.useFolder("/third/gaffer-i1");
    expect(open(store).folders).toEqual(["/third/gaffer-i1"]);
  });

  test("a boot later nothing is left", () => {
    const store = filled(300);
    const ledger = open(store, { bootId: "boot-2" });
    expect([ledger.left, ledger.folders, ledger.said]).toEqual([[], [], []]);
    expect(store.aside).toEqual([]);
    ledger.intend(intent(1, { folder: undefined }));
    expect(open(store, { bootId: "boot-2" }).left).toEqual([record(1, { folder: undefined })]);
  });

  test("a ledger of another version is set aside and told", () => {
    const store = filled(1);
    store.bytes?.set(seal(JSON.stringify({ format: 2, bootId: "boot-1" }), HEADER_BYTES) ?? [], 0);
    const ledger = open(store);
    expect(ledger.left).toEqual([]);
    expect(ledger.said).toEqual([expect.stringMatching(/another version.*ledger\.corrupt-1/)]);
    expect(store.aside).toHaveLength(1);
  });

  test("a ledger that came with a copied folder is set aside: its processes are another's", () => {
    const store = filled(1);
    const ledger = open(store, { instance: "i2" });
    expect([ledger.left, ledger.folders]).toEqual([[], []]);
    expect(ledger.said).toEqual([expect.stringMatching(/copy/)]);
  });

  test.each([
    ["garbage", Buffer.from("not a ledger\n".repeat(1000))],
    ["a part of the header", filled(3).bytes?.subarray(0, 1000)],
    ["zeros", Buffer.alloc(10_000)],
  ])("%s is set aside and told, and another ledger begins", (_what, bytes) => {
    const store = new MemoryStore(bytes && Buffer.from(bytes));
    const ledger = open(store);
    expect(ledger.left).toEqual([]);
    expect(ledger.said).toEqual([expect.stringMatching(/^The ledger is set aside: it is damaged, kept as/)]);
    ledger.intend(intent(1));
    expect(open(store).left).toEqual([record(1, { folder: undefined })]);
  });

  test("an empty file is the beginning of a ledger", () => {
    const store = new MemoryStore(Buffer.alloc(0));
    expect(open(store).said).toEqual([]);
    expect(store.bytes?.length).toBe(at(256));
  });

  test("one flipped bit, wherever it is, is noticed, and costs one record at most", () => {
    const random = new SeededRandom(7);
    const good = filled(5).bytes ?? Buffer.alloc(0);
    for (let round = 0; round < 300; round++) {
      const store = new MemoryStore(Buffer.from(good));
      // Most of the file is free records: each of the two parts is hit as often.
      const place = Math.floor(random.next() * (round % 2 === 0 ? at(5) : good.length));
      const bits = store.bytes ?? Buffer.alloc(0);
      bits[place] = (bits[place] ?? 0) ^ (1 << Math.floor(random.next() * 8));
      const ledger = open(store);
      expect([place, ledger.said.length, store.aside.length]).toEqual([place, 1, 1]);
      if (place >= HEADER_BYTES) expect(ledger.left.length).toBeGreaterThanOrEqual(4);
      for (const one of ledger.left) expect(one).toEqual(record(one.id, { osPid: 1000 + one.id, start: 77 }));
      // What was trusted stands in the new ledger.
      expect(idsOf(open(store))).toEqual(idsOf(ledger));
    }
  });

  test("cut off anywhere it gives back what is whole, and nothing else", () => {
    const good = filled(5).bytes ?? Buffer.alloc(0);
    for (let length = at(0); length < at(6); length += 37) {
      const store = new MemoryStore(Buffer.from(good.subarray(0, length)));
      const whole = Math.min(5, Math.floor((length - HEADER_BYTES) / RECORD_BYTES));
      const ledger = open(store);
      expect(idsOf(ledger)).toEqual([1, 2, 3, 4, 5].slice(0, whole));
      const isTold = whole < 5 && (length - HEADER_BYTES) % RECORD_BYTES > 0;
      expect([length, ledger.said.length]).toEqual([length, isTold ? 1 : 0]);
    }
  });

  test("a full disk: told once, the rest goes on, and what had room is in it", () => {
    const store = new MemoryStore();
    store.limit = at(3) + 100;
    const ledger = open(store);
    for (let id = 1; id <= 10; id++) {
      ledger.intend(intent(id, { folder: undefined }));
      ledger.spawned(id, id, 1);
    }
    expect(ledger.said).toEqual([expect.stringMatching(/^Cannot write the ledger: the disk is full/)]);
    expect(idsOf(open(store))).toEqual([1, 2, 3]);
    for (let id = 1; id <= 10; id++) ledger.gone(id);
    expect(open(store).left).toEqual([]);
    // There is room again.
    store.limit = Infinity;
    for (let id = 1; id <= 10; id++) ledger.intend(intent(id, { folder: undefined }));
    expect(idsOf(open(store))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    store.limit = 0;
    for (let id = 11; id <= 600; id++) ledger.intend(intent(id, { folder: undefined }));
    expect(ledger.said).toHaveLength(2);
  });

  test("a disk that fails throws nothing at anybody, and is told once", () => {
    const store = new MemoryStore();
    store.error = new Error("EIO: i/o error");
    const ledger = open(store);
    ledger.useFolder(folder);
    ledger.intend(intent(1));
    ledger.spawned(1, 1, 1);
    ledger.gone(1);
    expect(ledger.said).toEqual([expect.stringMatching(/^Cannot read/), expect.stringMatching(/^Cannot write/)]);
    expect(ledger.left).toEqual([]);
  });

  test("too many control groups for the header are told, and the records do without", () => {
    const store = new MemoryStore();
    const ledger = open(store);
    const long = `/${"g".repeat(5000)}`;
    ledger.useFolder(long);
    ledger.intend(intent(1, { folder: `${long}/1` }));
    expect(ledger.said).toHaveLength(1);
    expect(open(store).left).toEqual([record(1, { folder: undefined })]);
  });
});
