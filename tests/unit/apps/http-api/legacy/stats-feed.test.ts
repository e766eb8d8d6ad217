import { expect, test } from "bun:test";
import type { FeedKind } from "../../../../../src/apps/http-api/feed-form.ts";
import { StatsFeed } from "../../../../../src/apps/http-api/legacy/stats-feed.ts";
import type { StatSample, StatsListener, StatsTarget } from "../../../../../src/apps/stats-monitor.ts";

const sample = (pid: number, cpu: number, name = "default.web"): StatSample => ({
  event: "stat",
  name,
  pid,
  cpu,
  mem_info1: "1M",
  mem_info2: "2M",
  mem: 0.1,
  ctime: "0:00.01",
  rss: 1,
  os_pid: 1000 + pid,
  username: "root",
  nice: 0,
  cmdline: "sleep",
  children: [],
});

/** A feed, and what its watcher and reader have to do with it. */
function open(kind: FeedKind, target: StatsTarget = "all") {
  const state = { listener: undefined as StatsListener | undefined, isWatched: false, wakes: 0, isEnded: false };
  const watch = (_target: StatsTarget, listener: StatsListener): (() => void) => {
    Object.assign(state, { listener, isWatched: true });
    return () => {
      state.isWatched = false;
    };
  };
  const feed = new StatsFeed({ watch }, target, kind);
  feed.open({
    wake: () => state.wakes++,
    end: () => {
      state.isEnded = true;
    },
  });
  const look = (...samples: StatSample[]): void => state.listener?.onSamples(samples);
  return { feed, state, look };
}

test("a reader that keeps up gets every look, one that is slow the newest only", () => {
  const { feed, state, look } = open("continuous");
  expect(feed.next()).toBeUndefined();
  look(sample(1, 1), sample(2, 1));
  expect(
    feed
      .next()
      ?.split("\r\n")
      .map((line) => line && JSON.parse(line).pid),
  ).toEqual([1, 2, ""]);
  look(sample(1, 2), sample(2, 2));
  // The second process has gone since: nothing of it is told any more.
  look(sample(1, 3));
  expect(state.wakes).toBe(3);
  expect(JSON.parse(feed.next() ?? "")).toMatchObject({ pid: 1, cpu: 3, name: "web" });
  expect(feed.next()).toBeUndefined();
  feed.close();
  expect(state.isWatched).toBe(false);
});

test("events are of kind stat, and name a job of a group as gaffer 0.4 did", () => {
  const { feed, look } = open("eventsource");
  look(sample(1, 1, "shop.web"));
  expect(feed.next()).toMatch(/^event: stat\ndata: \{.*"name":"shop:web".*\}\n\n$/);
  feed.close();
});

test("the long poll is one object of one process, a list of several, and then the end", () => {
  const cases: [StatsTarget, object][] = [
    [{ pid: 1 }, { pid: 1, cpu: 1 }],
    [{ job: "default.web" }, [{ pid: 1, cpu: 1 }]],
    ["all", [{ pid: 1, cpu: 1 }]],
  ];
  for (const [target, want] of cases) {
    const { feed, state, look } = open("longpoll", target);
    look(sample(1, 1));
    look(sample(1, 2));
    expect(state.isEnded).toBe(true);
    expect(JSON.parse(feed.next() ?? "")).toMatchObject(want);
    expect(feed.next()).toBeUndefined();
    feed.close();
  }
});

test("it ends when whom it watches has gone", () => {
  const { feed, state } = open("eventsource", { pid: 1 });
  state.listener?.onEnd("process 1 has ended");
  expect(state.isEnded).toBe(true);
  feed.close();
});
