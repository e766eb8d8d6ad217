import { describe, expect, test } from "bun:test";
import { EventEmitter } from "../../../src/manager/event-emitter.ts";
import { EventLog } from "../../../src/manager/event-log.ts";
import { type GafferEvent, topicsOf } from "../../../src/manager/gaffer-event.ts";
import { FakeClock } from "../../support/fake-clock.ts";

function log(limit?: number): EventLog {
  return new EventLog(new FakeClock(), new EventEmitter<GafferEvent>(() => undefined), limit);
}

function fill(target: EventLog, count: number): EventLog {
  for (let number = 0; number < count; number++) target.record("start", "default.a", {});
  return target;
}

const seqs = (events: readonly GafferEvent[]): number[] => events.map((event) => event.seq);

describe("EventLog", () => {
  test("numbers events from 1, without a hole, with the wall time", () => {
    const target = log();
    expect(target.record("start", "default.a", {})).toEqual({
      event: "start",
      name: "default.a",
      time: 1_700_000_005_000,
      seq: 1,
    });
    expect([target.record("stop", "default.a", {}).seq, target.seq]).toEqual([2, 2]);
  });

  test("since() gives what came after a number, and 0 all that is kept", () => {
    const target = fill(log(), 5);
    expect(seqs(target.since(3).events)).toEqual([4, 5]);
    expect(target.since(5)).toEqual({ events: [], missed: 0 });
    expect(seqs(target.since(0).events)).toEqual([1, 2, 3, 4, 5]);
  });

  test("since() says how many events it has forgotten", () => {
    const target = fill(log(4), 20);
    expect([seqs(target.since(10).events), target.since(10).missed]).toEqual([[17, 18, 19, 20], 6]);
    expect(target.since(16).missed).toBe(0);
    expect([seqs(target.since(0).events), target.since(0).missed]).toEqual([[17, 18, 19, 20], 0]);
  });

  test("keeps 10 000 events unless told otherwise", () => {
    const kept = fill(log(), 30_000).since(0).events;
    expect([kept.length, kept[0]?.seq, kept.at(-1)?.seq]).toEqual([10_000, 20_001, 30_000]);
  });
});

describe("topicsOf()", () => {
  const record = { name: "shop.web", time: 0, seq: 1 };

  test("names kind, job, process, and both forms of gaffer 0.4", () => {
    expect([...topicsOf({ ...record, event: "exit", pid: 7 })]).toEqual([
      "exit",
      "job.shop.web.exit",
      "proc.7.exit",
      "proc.shop.web.exit",
      "proc.web.exit",
    ]);
  });

  test("keeps the older words for load, unload and stop_process", () => {
    expect([...topicsOf({ ...record, event: "load" })]).toContain("create");
    expect([...topicsOf({ ...record, event: "unload" })]).toContain("job.shop.web.delete");
    expect([...topicsOf({ ...record, event: "stop_process", pid: 7 })]).toContain("proc.7.stop_pid");
  });
});
