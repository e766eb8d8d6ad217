import { describe, expect, test } from "bun:test";
import { isLogGap, type LogEntry } from "../../../src/base/log-record.ts";
import type { ByteSink } from "../../../src/output/byte-sink.ts";
import { followRecords, keptRecords, type PlacedEntry } from "../../../src/output/log-records.ts";
import { OutputHub, type OutputHubOptions } from "../../../src/output/output-hub.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

const all = () => true;

/** A hub whose time a test tells. */
class TimedHub extends OutputHub {
  #clock: { time: number };

  constructor(options: OutputHubOptions = {}) {
    const clock = { time: 0 };
    super({ ...options, now: () => clock.time });
    this.#clock = clock;
  }

  at(time: number, sink: ByteSink, text: string | Uint8Array): void {
    this.#clock.time = time;
    sink.write(Buffer.from(text));
  }
}

const web = (id: number, slot = id) => ({ id, job: "shop.web", slot });

/** `TIME id/label text`, or `TIME id/label -BYTES` for a gap. */
const shown = (entries: readonly LogEntry[]): string[] =>
  entries.map((entry) => {
    const what = isLogGap(entry) ? `-${entry.lostBytes}` : entry.text;
    return `${entry.time} ${entry.id}/${entry.label} ${what}`;
  });

/** A reader that takes all, or as many as it is told to. */
class Reader {
  readonly entries: LogEntry[] = [];
  room = Infinity;

  readonly onEntry = (entry: LogEntry): boolean => {
    this.entries.push(entry);
    return --this.room > 0;
  };

  get shown(): string[] {
    return shown(this.entries);
  }
}

describe("keptRecords", () => {
  test("are whole records, in order of time over slots and streams", () => {
    const hub = new TimedHub();
    const out = hub.open(web(1), "stdout");
    const err = hub.open(web(1), "stderr");
    const second = hub.open(web(2), "stdout");
    hub.at(1000, out, "a\n");
    hub.at(2000, second, "b\n");
    hub.at(3000, err, "c\nd\n");
    hub.at(4000, out, "e\n");
    expect(keptRecords(hub, all)[0]?.entry).toEqual({
      time: 1000,
      id: 1,
      slot: 1,
      job: "shop.web",
      label: "stdout",
      text: "a",
    });
    expect(shown(keptRecords(hub, all).map(({ entry }) => entry))).toEqual([
      "1000 1/stdout a",
      "2000 2/stdout b",
      "3000 1/stderr c",
      "3000 1/stderr d",
      "4000 1/stdout e",
    ]);
    expect(shown(keptRecords(hub, ({ slot }) => slot === 2).map(({ entry }) => entry))).toEqual(["2000 2/stdout b"]);
  });

  test("a line has the time of its end, and a clock that jumps back puts nothing out of order", () => {
    const hub = new TimedHub();
    const one = hub.open(web(1), "stdout");
    const two = hub.open(web(2), "stdout");
    hub.at(1000, one, "begin");
    hub.at(2000, one, " end\n");
    hub.at(2500, two, "x\n");
    hub.at(500, one, "after the jump\n");
    expect(shown(keptRecords(hub, all).map(({ entry }) => entry))).toEqual([
      "2000 1/stdout begin end",
      "2500 2/stdout x",
      "500 1/stdout after the jump",
    ]);
  });

  test("tail counts lines over all streams; since is an instant", () => {
    const hub = new TimedHub();
    const sinks = [hub.open(web(1), "stdout"), hub.open(web(2), "stdout")];
    for (let n = 0; n < 1000; n++) {
      const sink = sinks[n % 2];
      if (sink !== undefined) hub.at(1000 + 100 * n, sink, `${n}\n`);
    }
    const texts = (range: { tail?: number; since?: number }) =>
      keptRecords(hub, all, range).map(({ entry }) => (isLogGap(entry) ? "gap" : entry.text));
    expect(texts({ tail: 3 })).toEqual(["997", "998", "999"]);
    expect(texts({ tail: 0 })).toEqual([]);
    expect(texts({ since: 100_800 })).toEqual(["998", "999"]);
    expect(texts({ since: 100_800, tail: 1 })).toEqual(["999"]);
    expect(texts({ tail: 5000 }).length).toBe(1000);
  });

  test("an unfinished line is told once its stream has ended", () => {
    const hub = new TimedHub();
    const sink = hub.open(web(1), "stdout");
    hub.at(1000, sink, "one\nlast words");
    expect(shown(keptRecords(hub, all).map(({ entry }) => entry))).toEqual(["1000 1/stdout one"]);
    sink.end();
    expect(shown(keptRecords(hub, all).map(({ entry }) => entry))).toEqual([
      "1000 1/stdout one",
      "1000 1/stdout last words",
    ]);
  });

  test("what is kept no more is told as a gap, torn line included", () => {
    const hub = new TimedHub({ keptBytes: 10 });
    const sink = hub.open(web(1), "stdout");
    hub.at(1000, sink, "0123\n5678\nabcd\n");
    expect(shown(keptRecords(hub, all).map(({ entry }) => entry))).toEqual(["1000 1/stdout -10", "1000 1/stdout abcd"]);
    expect(shown(keptRecords(hub, all, { tail: 1 }).map(({ entry }) => entry))).toEqual(["1000 1/stdout abcd"]);
  });

  test("what is no UTF-8 is replaced, and a line of a terminal is what stood there last", () => {
    const hub = new TimedHub();
    hub.at(1000, hub.open(web(1), "stdout"), Buffer.from([0x61, 0xff, 0x62, 0x0d, 0x0a]));
    hub.at(1100, hub.open({ ...web(2), terminal: {} }, "stdout"), "10%\r20%\r\nplain\r\n");
    expect(shown(keptRecords(hub, all).map(({ entry }) => entry))).toEqual([
      "1000 1/stdout a\uFFFDb\r",
      "1100 2/stdout 20%",
      "1100 2/stdout plain",
    ]);
  });
});

describe("followRecords", () => {
  test("what is kept, then what comes: nothing lost, nothing double, an unfinished line whole", () => {
    const hub = new TimedHub();
    const sink = hub.open(web(1), "stdout");
    hub.at(1000, sink, "kept\nbegin");
    const reader = new Reader();
    const follower = followRecords(hub, all, { onEntry: reader.onEntry });
    expect(reader.shown).toEqual(["1000 1/stdout kept"]);
    hub.at(2000, sink, " end\n");
    hub.at(2000, hub.open(web(2), "stderr"), "new\nunfinished");
    sink.end();
    follower.close();
    hub.at(3000, hub.open(web(3), "stdout"), "unheard\n");
    expect(reader.shown).toEqual(["1000 1/stdout kept", "2000 1/stdout begin end", "2000 2/stderr new"]);
  });

  test("joined at any point of random output, kept and live together are what was said", () => {
    const random = new SeededRandom(3);
    for (let round = 0; round < 100; round++) {
      const hub = new TimedHub();
      const sink = hub.open(web(1), "stdout");
      const said = Array.from({ length: 100 }, (_, n) => `${n}${"z".repeat(n % 7)}`);
      const text = `${said.join("\n")}\n`;
      const joinAt = Math.floor(random.next() * text.length);
      const reader = new Reader();
      let joined = false;
      for (let at = 0; at < text.length;) {
        if (!joined && at >= joinAt) {
          joined = true;
          followRecords(hub, all, { onEntry: reader.onEntry });
        }
        const end = at + 1 + Math.floor(random.next() * 20);
        hub.at(at, sink, text.slice(at, end));
        at = end;
      }
      const heard = reader.entries.map((entry) => (isLogGap(entry) ? "gap" : entry.text));
      if (joined) expect(heard).toEqual(said);
    }
  });

  test("tail and since choose of what is kept only", () => {
    const hub = new TimedHub();
    const sink = hub.open(web(1), "stdout");
    hub.at(1000, sink, "old\nkept\n");
    const readers = [new Reader(), new Reader(), new Reader()] as const;
    followRecords(hub, all, { tail: 1, onEntry: readers[0].onEntry });
    followRecords(hub, all, { tail: 0, onEntry: readers[1].onEntry });
    followRecords(hub, all, { since: 5000, onEntry: readers[2].onEntry });
    hub.at(2000, sink, "new\n");
    expect(readers.map((reader) => reader.shown)).toEqual([
      ["1000 1/stdout kept", "2000 1/stdout new"],
      ["2000 1/stdout new"],
      ["2000 1/stdout new"],
    ]);
  });

  test("a reader that is full is waited for, and misses nothing within the bound", () => {
    const hub = new TimedHub();
    const sink = hub.open(web(1), "stdout");
    hub.at(1000, sink, "1\n2\n");
    const reader = new Reader();
    reader.room = 1;
    const follower = followRecords(hub, all, { onEntry: reader.onEntry });
    hub.at(2000, sink, "3\n4\n");
    expect(reader.shown).toEqual(["1000 1/stdout 1"]);
    reader.room = 2;
    follower.resume();
    expect(reader.shown.length).toBe(3);
    reader.room = 1;
    follower.resume();
    reader.room = Infinity;
    follower.resume();
    hub.at(3000, sink, "5\n");
    expect(reader.shown.map((line) => line.slice(-1))).toEqual(["1", "2", "3", "4", "5"]);
  });

  test("a burst of short lines is within the bound: what waits is bytes", () => {
    const hub = new TimedHub();
    const [sink, other] = [hub.open(web(1), "stdout"), hub.open(web(2), "stdout")];
    const reader = new Reader();
    reader.room = 1;
    const follower = followRecords(hub, all, { onEntry: reader.onEntry });
    const said = Array.from({ length: 100_000 }, (_, n) => String(n));
    const text = `${said.join("\n")}\n`;
    // One buffer for all reads, as the host has it.
    const buffer = Buffer.alloc(65_536);
    for (let at = 0; at < text.length; at += buffer.length) {
      sink.write(buffer.subarray(0, buffer.write(text.slice(at, at + buffer.length))));
    }
    hub.at(1000, other, "the other\nunfinished");
    other.end();
    while (reader.entries.length < said.length + 2) {
      reader.room = 1000;
      follower.resume();
    }
    const heard = reader.entries.map((entry) => (isLogGap(entry) ? "gap" : entry.text));
    expect(heard).toEqual([...said, "the other", "unfinished"]);
    hub.at(2000, sink, "last\n");
    reader.room = Infinity;
    follower.resume();
    expect(reader.shown.at(-1)).toEndWith(" last");
  });

  test("what several streams miss is told of each, once, where it is missing", () => {
    const hub = new TimedHub();
    const sinks = [hub.open(web(1), "stdout"), hub.open(web(2), "stdout")] as const;
    const reader = new Reader();
    reader.room = 1;
    const follower = followRecords(hub, all, { onEntry: reader.onEntry });
    hub.at(1000, sinks[0], `${"x".repeat(1_100_000)}\nfull\n`);
    hub.at(1000, sinks[0], `${"y".repeat(1_100_000)}\n`);
    for (let n = 0; n < 10; n++) for (const sink of sinks) hub.at(1000, sink, "lost\n");
    for (const sink of sinks) sink.end();
    reader.room = Infinity;
    follower.resume();
    const gaps = reader.entries.filter(isLogGap).map(({ id, lostBytes }) => [id, lostBytes]);
    expect(gaps.filter(([id]) => id === 2)).toEqual([[2, 50]]);
    expect(gaps.findLast(([id]) => id === 1)?.[1]).toBeGreaterThanOrEqual(50);
  });

  test("a reader that stays full costs bounded memory, and is told what it missed where it is missing", () => {
    const hub = new TimedHub();
    const sink = hub.open(web(1), "stdout");
    const reader = new Reader();
    reader.room = 1;
    const follower = followRecords(hub, all, { onEntry: reader.onEntry });
    const chunk = `${"x".repeat(99)}\n`.repeat(500);
    for (let n = 0; n < 1000; n++) hub.at(1000, sink, chunk);
    reader.room = Infinity;
    follower.resume();
    const before = reader.entries.length;
    expect(before * 100).toBeLessThan(1_200_000);
    hub.at(2000, sink, "torn\nwhole\n");
    const gap = reader.entries[before];
    const lost = gap !== undefined && isLogGap(gap) ? gap.lostBytes : 0;
    expect(before * 100 + lost).toBe(1000 * chunk.length + "torn\n".length);
    expect(reader.shown.slice(before + 1)).toEqual(["2000 1/stdout whole"]);
  });

  test("a reader that was closed while it was full hears nothing more", () => {
    const hub = new TimedHub();
    const sink = hub.open(web(1), "stdout");
    const reader = new Reader();
    reader.room = 1;
    const follower = followRecords(hub, all, { onEntry: reader.onEntry });
    hub.at(1000, sink, "1\n2\n");
    follower.close();
    follower.resume();
    expect(reader.shown).toEqual(["1000 1/stdout 1"]);
  });
});

/** Processes that come, say lines in pieces, and go; what a reader of all of it is told. */
const play = (random: SeededRandom, steps: number, keptBytes: number) => {
  const hub = new TimedHub({ keptBytes });
  const heard: PlacedEntry[] = [];
  followRecords(hub, all, { onEntry: (entry, position) => heard.push({ entry, position }) > 0 });
  const live = new Map<number, ByteSink>();
  let [time, id] = [0, 0];
  for (let step = 0; step < steps; step++) {
    time += random.pick([0, 0, 1, 30, 200]);
    const slot = 1 + random.below(3);
    const sink = live.get(slot);
    if (sink === undefined) live.set(slot, hub.open(web(++id, slot), "stdout"));
    else if (random.below(12) === 0) {
      sink.end();
      live.delete(slot);
    } else
      hub.at(time, sink, random.pick([`${step} whole\n`, `${step} a\n${step} b\n${step} begun `, `and more `, "\n"]));
  }
  return { hub, heard };
};
const told = ({ entry, position }: PlacedEntry): string => `${position} ${shown([entry])[0]?.replace(/^\d+ /, "")}`;

describe("a place in all that was said", () => {
  test("is where a reader goes on, without a gap or a double, wherever it was cut", () => {
    for (let seed = 1; seed <= 40; seed++) {
      const { hub, heard } = play(new SeededRandom(seed), 120, 65_536);
      expect(heard.map(({ position }) => position)).toEqual(
        heard.map(({ position }) => position).toSorted((a, b) => a - b),
      );
      for (const [at, { position }] of heard.entries()) {
        // Entries of one place, a line and its gap, come together.
        if (heard[at + 1]?.position === position) continue;
        const rest = keptRecords(hub, all, { after: position });
        expect([seed, at, rest.map(told)]).toEqual([seed, at, heard.slice(at + 1).map(told)]);
      }
    }
  });

  test("beyond what is kept a gap is told, and what follows is whole", () => {
    for (let seed = 1; seed <= 10; seed++) {
      const { hub, heard } = play(new SeededRandom(seed), 200, 200);
      for (const [at, { position }] of heard.entries()) {
        const rest = keptRecords(hub, all, { after: position });
        const [came, wanted] = [new Set(rest.map(told)), new Set(heard.slice(at + 1).map(told))];
        const gaps = new Set(rest.filter(({ entry }) => isLogGap(entry)).map(({ entry }) => entry.slot));
        const untold = heard.slice(at + 1).filter((one) => !came.has(told(one)) && !gaps.has(one.entry.slot));
        const strange = rest.filter((one) => !isLogGap(one.entry) && !wanted.has(told(one)));
        expect([seed, at, untold, strange]).toEqual([seed, at, [], []]);
      }
    }
  });
});
