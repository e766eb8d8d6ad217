import { expect, test } from "bun:test";
import { EventFeed, type EventFeedOptions } from "../../../../src/apps/http-api/event-feed.ts";
import type { EventForm } from "../../../../src/apps/http-api/event-form.ts";
import { ManagedWorld } from "../../manager/managed-world.ts";

const form: EventForm = {
  event: ({ event, seq }, id, topic) => `${event} ${seq} ${id} ${topic};`,
  gap: ({ missed, seq }, id) => `gap ${missed} ${seq} ${id};`,
};

/** A feed of a world, what woke its reader, and whether it ended. */
function feedOf(world: ManagedWorld, options: Partial<EventFeedOptions> = {}) {
  const state = { wakes: 0, isEnded: false };
  const feed = new EventFeed(world.manager, { epoch: "e", pattern: ".", since: undefined, form, ...options });
  feed.open({
    wake: () => state.wakes++,
    end: () => {
      state.isEnded = true;
    },
  });
  return { feed, state };
}

test("a form is given each event that matches, with its id and the topic that did", async () => {
  await using world = new ManagedWorld();
  const { feed } = feedOf(world, { pattern: "job.default.dummy.start." });
  expect(feed.next()).toBeUndefined();
  world.load();
  expect(feed.next()).toBe("start 2 e-2 job.default.dummy.start;");
  expect(feed.next()).toBeUndefined();
  feed.close();
});

test("one that gives a single event ends after it, and not before it is taken", async () => {
  await using world = new ManagedWorld();
  const { feed, state } = feedOf(world, { isSingle: true });
  world.load();
  expect(state.isEnded).toBe(false);
  expect(feed.next()).toBe("load 1 e-1 load;");
  expect([state.isEnded, feed.next()]).toEqual([false, undefined]);
  await Promise.resolve();
  expect([state.isEnded, feed.next()]).toEqual([true, undefined]);
  feed.close();
});

test("a gap is one, too, and tells where to go on", async () => {
  await using world = new ManagedWorld({ historyLimit: 2 });
  world.load();
  world.manager.scale("dummy", 3);
  const { feed } = feedOf(world, { isSingle: true, since: { at: 1, isLost: false } });
  const [, missed, seq] = /^gap (\d+) (\d+) e-\2;$/.exec(feed.next() ?? "") ?? [];
  expect(Number(seq)).toBe(1 + Number(missed));
  const { feed: next } = feedOf(world, { isSingle: true, since: { at: Number(seq), isLost: false } });
  expect(next.next()).toContain(` ${Number(seq) + 1} e-${Number(seq) + 1} `);
  const { feed: other } = feedOf(world, { since: { at: 0, isLost: true } });
  expect(other.next()).toBe("gap null 0 e-0;");
  for (const one of [feed, next, other]) one.close();
});

test("without a form it is an event stream that tells where it begins", async () => {
  await using world = new ManagedWorld();
  const feed = new EventFeed(world.manager, { epoch: "e", pattern: "load", since: undefined });
  feed.open({ wake: () => undefined, end: () => undefined });
  expect(feed.next()).toBe("id: e-0\n\n");
  world.load();
  expect(feed.next()).toMatch(/^id: e-1\nevent: load\ndata: \{.*"topic":"load"\}\n\n$/);
  feed.close();
});
