import { expect, test } from "bun:test";
import type { Caller } from "../../../src/base/caller.ts";
import { Feeds, type FeedSource } from "../../../src/server/feed.ts";

/** What always has more to say. */
class Endless implements FeedSource {
  said = 0;
  isClosed = false;

  open({ wake }: Parameters<FeedSource["open"]>[0]): void {
    wake();
  }

  next(): string {
    return `${++this.said}\n`;
  }

  close(): void {
    this.isClosed = true;
  }
}

test("a feed is cut when the key of its reader is taken back, whatever its source has to say yet", async () => {
  const listeners: (() => void)[] = [];
  const caller: Caller = {
    label: "key k",
    keyId: "k",
    may: () => true,
    onRevoked: (listener) => {
      listeners.push(listener);
      return () => undefined;
    },
  };
  const [feeds, source] = [new Feeds(), new Endless()];
  const reader = feeds.respond(source, caller, { contentType: "text/plain" }).body?.getReader();
  for (const expected of ["1\n", "2\n"]) {
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe(expected);
  }
  for (const revoke of listeners) revoke();
  expect([source.isClosed, feeds.count, source.said]).toEqual([true, 0, 2]);
  expect(await reader?.read()).toEqual({ done: true, value: undefined });
});

test("a feed ends after what it has when the server stops", async () => {
  const feeds = new Feeds();
  const left = ["a", "b"];
  const source: FeedSource = { open: () => undefined, next: () => left.shift(), close: () => undefined };
  const response = feeds.respond(
    source,
    { label: "x", keyId: undefined, may: () => true },
    { contentType: "text/plain" },
  );
  feeds.end();
  expect(await response.text()).toBe("ab");
  expect(feeds.count).toBe(0);
});
