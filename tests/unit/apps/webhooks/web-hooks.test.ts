import { describe, expect, test } from "bun:test";
import { KILLED_WORDS_MS, LAST_WORDS_MS } from "../../../../src/apps/webhooks/web-hooks.ts";
import { ANSWER_MS, MOST_TRIES, QUEUE_LIMITS } from "../../../../src/apps/webhooks/receiver.ts";
import { GafferError } from "../../../../src/base/gaffer-error.ts";
import { thrownBy } from "../../../support/thrown-by.ts";
import { HookedWorld, settle } from "./hooked-world.ts";

const url = "http://ops.example/hook";
const key = new TextEncoder().encode("one key of a receiver");
const otherKey = new TextEncoder().encode("another key of it");
const nothing = (): void => undefined;

describe("WebHooks posts", () => {
  test("the record of an event, with what names the delivery and the attempt", async () => {
    await using hooked = await HookedWorld.started();
    hooked.hooks.register({ pattern: "load", url });
    await hooked.load("web");
    const [event] = hooked.world.events;
    expect(hooked.poster.posts.map(({ request: { url: to, headers, body } }) => ({ to, headers, body }))).toEqual([
      {
        to: url,
        headers: {
          "content-type": "application/json",
          "user-agent": "gaffer/1.2.3",
          "webhook-id": "msg_e0_1",
          "webhook-timestamp": String(Math.floor(hooked.world.clock.wallMs() / 1000)),
          "gaffer-attempt": "1",
        },
        body: JSON.stringify(event),
      },
    ]);
    await hooked.answer(204);
    expect(hooked.hooks.list).toEqual([
      {
        pattern: "load",
        url,
        signed: false,
        configured: false,
        pending: 0,
        delivered: 1,
        failed: 0,
        dropped: 0,
        lastError: undefined,
        gone: false,
      },
    ]);
  });

  test.each([
    [
      ".",
      [
        "load default.Web",
        "start default.Web",
        "spawn default.Web",
        "load default.db",
        "unload default.db",
        "stop default.db",
      ],
    ],
    ["start", ["start default.Web"]],
    ["create", ["load default.Web", "load default.db"]],
    ["delete", ["unload default.db"]],
    ["job.default.Web", ["load default.Web", "start default.Web", "spawn default.Web"]],
    ["job.default.web", []],
    ["job.default.Web.spawn", ["spawn default.Web"]],
    ["job.Web.spawn", ["spawn default.Web"]],
    ["proc.1", ["spawn default.Web"]],
    ["proc.Web.create", ["load default.Web"]],
    ["job.default.W", []],
  ])("what matches %s", async (pattern, expected) => {
    await using hooked = await HookedWorld.started();
    hooked.poster.onPost = (post) => post.answer(200);
    hooked.hooks.register({ pattern, url });
    hooked.world.load({ name: "Web" });
    await hooked.load("db");
    hooked.world.manager.unload("db");
    await settle();
    expect(hooked.posted).toEqual(expected);
  });

  test("an event once to a URL, however many of its patterns match", async () => {
    await using hooked = await HookedWorld.started();
    hooked.poster.onPost = (post) => post.answer(200);
    for (const pattern of [".", "load", "job.default.web"]) hooked.hooks.register({ pattern, url });
    hooked.hooks.register({ pattern: "load", url: "http://other.example/" });
    await hooked.load("web");
    expect(hooked.poster.posts.map(({ request }) => request.url)).toEqual([url, "http://other.example/"]);
  });

  test("one after the other to one URL, and does not hold up another", async () => {
    await using hooked = await HookedWorld.started();
    hooked.hooks.register({ pattern: ".", url: "http://slow.example/" });
    hooked.hooks.register({ pattern: ".", url });
    const [slow, quick]: string[][] = [[], []];
    hooked.poster.onPost = (post) => {
      const { event, name } = JSON.parse(post.request.body);
      (post.request.url === url ? quick : slow)?.push(`${event} ${name}`);
      if (post.request.url === url) post.answer(200);
    };
    for (const name of ["a", "b", "c"]) await hooked.load(name);
    expect(slow).toEqual(["load default.a"]);
    expect(quick).toEqual(["load default.a", "load default.b", "load default.c"]);
    expect(hooked.hooks.list.map(({ pending, delivered }) => [pending, delivered])).toEqual([
      [3, 0],
      [0, 3],
    ]);
  });

  test("nothing inside of the call that makes the event", async () => {
    await using hooked = await HookedWorld.started();
    hooked.hooks.register({ pattern: ".", url });
    hooked.world.load({}, { start: false });
    expect(hooked.poster.posts).toEqual([]);
    await settle();
    expect(hooked.posted).toEqual(["load default.dummy"]);
  });

  test("signed with the key of its URL", async () => {
    await using hooked = await HookedWorld.started();
    hooked.poster.onPost = (post) => post.answer(200);
    hooked.hooks.register({ pattern: "load", url, key });
    hooked.hooks.register({ pattern: "unload", url });
    await hooked.load("web");
    const { headers, body } = hooked.poster.last.request;
    const text = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
    const expected = new Bun.CryptoHasher("sha256", key).update(text).digest("base64");
    expect(headers["webhook-signature"]).toBe(`v1,${expected}`);
    expect(hooked.hooks.list.map(({ signed }) => signed)).toEqual([true, true]);
    // What it shares does not go with the webhook that brought it.
    hooked.hooks.unregister({ pattern: "load", url });
    hooked.hooks.apply([], nothing);
    hooked.world.manager.unload("web");
    await settle();
    expect(hooked.poster.last.request.headers).toHaveProperty("webhook-signature");
  });
});

describe("WebHooks tries again", () => {
  test("with pauses that double, under the same id, until it is delivered; what follows waits", async () => {
    await using hooked = await HookedWorld.started();
    hooked.hooks.register({ pattern: ".", url });
    await hooked.load("a");
    await hooked.load("b");
    const pauses = [];
    for (let attempt = 1; attempt < 5; attempt++) {
      if (attempt % 2 === 0) hooked.poster.last.fail("nobody listens there");
      else hooked.poster.last.answer(503);
      await settle();
      pauses.push(hooked.world.clock.nextInMs);
      await hooked.advance(hooked.world.clock.nextInMs ?? 0);
    }
    expect(pauses).toEqual([1000, 2000, 4000, 8000]);
    await hooked.answer(200);
    await hooked.answer(200);
    const tries = hooked.poster.posts.map(({ request: { headers } }) => [
      headers["webhook-id"],
      headers["gaffer-attempt"],
    ]);
    expect(tries).toEqual([
      ["msg_e0_1", "1"],
      ["msg_e0_1", "2"],
      ["msg_e0_1", "3"],
      ["msg_e0_1", "4"],
      ["msg_e0_1", "5"],
      ["msg_e0_2", "1"],
    ]);
    expect(hooked.warnings).toEqual([]);
    expect(hooked.hooks.list).toMatchObject([{ delivered: 2, failed: 0, lastError: "nobody listens there" }]);
  });

  test("at the time of the attempt, by which it is signed", async () => {
    await using hooked = await HookedWorld.started();
    hooked.hooks.register({ pattern: ".", url, key });
    await hooked.load("a");
    await hooked.answer(500);
    await hooked.advance(1000);
    const [first, second] = hooked.poster.posts.map(({ request }) => request.headers);
    expect(Number(second?.["webhook-timestamp"]) - Number(first?.["webhook-timestamp"])).toBe(1);
    expect(second?.["webhook-signature"]).not.toBe(first?.["webhook-signature"]);
  });

  test("after pauses that jitter makes up to half as long, and never longer than a minute", async () => {
    await using hooked = await HookedWorld.started();
    const { clock } = hooked.world;
    hooked.hooks.register({ pattern: ".", url });
    await hooked.load("a");
    const pauses = [];
    for (let attempt = 1; attempt < MOST_TRIES; attempt++) {
      clock.randomSource = () => (attempt === 1 ? 0.999 : 0);
      await hooked.answer(500);
      pauses.push(clock.nextInMs);
      await hooked.advance(clock.nextInMs ?? 0);
    }
    expect(pauses).toEqual([500.5, 2000, 4000, 8000, 16_000, 32_000, 60_000]);
  });

  test("not before Retry-After", async () => {
    await using hooked = await HookedWorld.started();
    hooked.hooks.register({ pattern: ".", url });
    await hooked.load("a");
    await hooked.answer(429, "20");
    expect(hooked.world.clock.nextInMs).toBe(20_000);
    await hooked.advance(20_000);
    await hooked.answer(429, "0");
    expect(hooked.world.clock.nextInMs).toBe(2000);
  });

  test("when no answer came in time", async () => {
    await using hooked = await HookedWorld.started();
    hooked.hooks.register({ pattern: ".", url });
    await hooked.load("a");
    expect(hooked.world.clock.delays).toEqual([ANSWER_MS]);
    await hooked.advance(ANSWER_MS - 1);
    expect(hooked.poster.last.request.signal.aborted).toBe(false);
    await hooked.advance(1);
    expect(hooked.poster.last.request.signal.aborted).toBe(true);
    expect(hooked.hooks.list).toMatchObject([{ pending: 1, lastError: "it did not answer within 10 s" }]);
    await hooked.advance(1000);
    expect(hooked.poster.posts.length).toBe(2);
  });

  test("so often and then gives up, which the log and the next delivery tell", async () => {
    await using hooked = await HookedWorld.started();
    hooked.hooks.register({ pattern: ".", url: "http://u:secret@ops.example/path?token=secret" });
    for (const name of ["a", "b", "c"]) await hooked.load(name);
    for (let attempt = 1; attempt < MOST_TRIES * 2; attempt++) {
      await hooked.answer(500);
      await hooked.advance(hooked.world.clock.nextInMs === ANSWER_MS ? 0 : (hooked.world.clock.nextInMs ?? 0));
    }
    await hooked.answer(500);
    expect(hooked.poster.posts.length).toBe(MOST_TRIES * 2 + 1);
    // Once: a dead receiver must not fill the log.
    expect(hooked.warnings).toEqual([
      "webhook http://ops.example/...: load of default.a is given up after 8 tries: it answered 500",
    ]);
    expect(hooked.poster.last.request.headers["gaffer-missed"]).toBe("2");
    await hooked.answer(500);
    await hooked.advance(1000);
    expect(hooked.poster.last.request.headers["gaffer-missed"]).toBe("2");
    await hooked.answer(200);
    expect(hooked.infos.at(-1)).toBe("webhook http://ops.example/...: events are delivered again");
    await hooked.load("d");
    expect(hooked.poster.last.request.headers).not.toHaveProperty("gaffer-missed");
    expect(hooked.hooks.list).toMatchObject([{ pending: 1, delivered: 1, failed: 2, dropped: 0 }]);
  });
});

describe("WebHooks does not try again", () => {
  test.each([
    [404, "it answered 404"],
    [302, "it answered 302, and redirects are not followed"],
  ])("what is answered with %i: it is told once, and the next is sent at once", async (status, reason) => {
    await using hooked = await HookedWorld.started();
    hooked.hooks.register({ pattern: ".", url });
    for (const name of ["a", "b", "c"]) await hooked.load(name);
    await hooked.answer(status);
    await hooked.answer(status);
    expect(hooked.posted).toEqual(["load default.a", "load default.b", "load default.c"]);
    expect(hooked.warnings).toEqual([`webhook http://ops.example/...: load of default.a was refused: ${reason}`]);
    expect(hooked.poster.last.request.headers["gaffer-missed"]).toBe("2");
    await hooked.answer(200);
    expect(hooked.hooks.list).toMatchObject([{ pending: 0, delivered: 1, failed: 2, lastError: reason }]);
  });

  test("anything once a receiver says 410, until it is added again", async () => {
    await using hooked = await HookedWorld.started();
    hooked.hooks.register({ pattern: ".", url });
    for (const name of ["a", "b", "c"]) await hooked.load(name);
    await hooked.answer(410);
    await hooked.load("d");
    expect(hooked.posted).toEqual(["load default.a"]);
    expect(hooked.hooks.list).toMatchObject([{ pending: 0, failed: 1, dropped: 3, gone: true }]);
    expect(hooked.warnings).toEqual([
      "webhook http://ops.example/...: it answered 410: nothing is sent to it any more",
    ]);
    hooked.hooks.register({ pattern: "load", url });
    await hooked.load("e");
    expect(hooked.posted).toEqual(["load default.a", "load default.e"]);
    expect(hooked.poster.last.request.headers["gaffer-missed"]).toBe("4");
  });
});

describe("WebHooks under a receiver that is too slow", () => {
  test("drops the oldest that wait, says so once, and tells the receiver how many", async () => {
    await using hooked = await HookedWorld.started();
    hooked.hooks.register({ pattern: ".", url });
    await hooked.load("first");
    for (let at = 0; at < QUEUE_LIMITS.count + 5; at++) hooked.world.load({ name: `j${at}` }, { start: false });
    await settle();
    expect(hooked.hooks.list).toMatchObject([{ pending: QUEUE_LIMITS.count + 1, dropped: 5 }]);
    expect(hooked.warnings).toEqual([
      "webhook http://ops.example/...: too many events wait for it: the oldest are dropped",
    ]);
    expect(hooked.poster.last.request.headers).not.toHaveProperty("gaffer-missed");
    await hooked.answer(200);
    expect(hooked.posted).toEqual(["load default.first", "load default.j5"]);
    expect(hooked.poster.last.request.headers["gaffer-missed"]).toBe("5");
    // Another episode is told again.
    hooked.world.load({ name: "more" }, { start: false });
    hooked.world.load({ name: "more2" }, { start: false });
    await settle();
    expect(hooked.warnings.length).toBe(2);
    await hooked.answer(200);
    expect(hooked.poster.last.request.headers["gaffer-missed"]).toBe("1");
  });
});

describe("WebHooks.register and unregister", () => {
  test("refuse what is there, what is not, and a second secret for a URL", async () => {
    await using hooked = await HookedWorld.started();
    const { hooks } = hooked;
    const secretUrl = "http://u:pw@ops.example/hook?t=pw";
    hooks.register({ pattern: "exit", url: secretUrl, key });
    const shown = "http://***@ops.example/hook?***";
    expect(thrownBy(() => hooks.register({ pattern: "exit", url: secretUrl }))).toMatchObject({
      code: "webhook_exists",
      message: `Cannot add webhook "exit" to ${shown}: it is there already`,
    });
    expect(thrownBy(() => hooks.register({ pattern: "load", url: secretUrl, key: otherKey }))).toMatchObject({
      code: "webhook_exists",
      message: `Cannot add webhook "load" to ${shown}: its URL is in use with another secret, or with none; remove that one before`,
    });
    expect(thrownBy(() => hooks.unregister({ pattern: "load", url: secretUrl }))).toMatchObject({
      code: "webhook_not_found",
      message: `Cannot remove webhook "load" to ${shown}: it is not there`,
    });
    hooks.register({ pattern: "load", url: secretUrl, key });
    expect(hooks.list.map(({ pattern }) => pattern)).toEqual(["exit", "load"]);
  });

  test("take a URL as it is shown, unless several are shown so", async () => {
    await using hooked = await HookedWorld.started();
    const { hooks } = hooked;
    for (const token of ["a", "b"]) hooks.register({ pattern: "exit", url: `http://u:pw@ops.example/?t=${token}` });
    hooks.register({ pattern: "load", url: "http://u:pw@ops.example/?t=a" });
    const shown = "http://***@ops.example/?***";
    expect(thrownBy(() => hooks.unregister({ pattern: "exit", url: shown }))).toEqual({
      code: "bad_request",
      message: `Cannot remove webhook "exit" to ${shown}: there are 2 such; write the whole URL`,
    });
    hooks.unregister({ pattern: "load", url: shown });
    hooks.unregister({ pattern: "exit", url: "http://u:pw@ops.example/?t=b" });
    hooks.unregister({ pattern: "exit", url: shown });
    expect(hooks.list).toEqual([]);
  });

  test("end the request under way when the last webhook of a URL goes; what waits is lost, and told", async () => {
    await using hooked = await HookedWorld.started();
    hooked.hooks.register({ pattern: "load", url });
    hooked.hooks.register({ pattern: "unload", url });
    await hooked.load("a");
    await hooked.load("b");
    hooked.hooks.unregister({ pattern: "unload", url });
    expect(hooked.poster.last.request.signal.aborted).toBe(false);
    hooked.hooks.unregister({ pattern: "load", url });
    expect(hooked.poster.last.request.signal.aborted).toBe(true);
    await settle();
    expect(hooked.hooks.list).toEqual([]);
    await hooked.load("c");
    expect(hooked.posted).toEqual(["load default.a"]);
    expect(hooked.infos.at(-1)).toBe(
      'webhook "load" to http://ops.example/...: removed; 2 events that waited for it lost',
    );
    expect(hooked.world.clock.pending).toBe(0);
  });
});

describe("WebHooks.apply", () => {
  test("keeps what is unchanged with what waits for it, adds, removes, and leaves those of run time alone", async () => {
    await using hooked = await HookedWorld.started();
    const { hooks } = hooked;
    hooks.apply(
      [
        { pattern: "load", url },
        { pattern: "unload", url: "http://old.example/" },
      ],
      nothing,
    );
    hooks.register({ pattern: "exit", url: "http://run.example/" });
    await hooked.load("a");
    await hooked.load("b");
    hooks.apply(
      [
        { pattern: "load", url },
        { pattern: ".", url: "http://new.example/" },
      ],
      nothing,
    );
    expect(hooks.list).toMatchObject([
      { pattern: "load", url, configured: true, pending: 2 },
      { pattern: "exit", url: "http://run.example/", configured: false },
      { pattern: ".", url: "http://new.example/", configured: true, pending: 0 },
    ]);
    expect(hooked.poster.posts.length).toBe(1);
    await hooked.answer(200);
    expect(hooked.posted).toEqual(["load default.a", "load default.b"]);
  });

  test("lets new webhooks, and those that go, hear what the work sets off", async () => {
    await using hooked = await HookedWorld.started();
    hooked.poster.onPost = (post) => post.answer(200);
    const old = { pattern: ".", url: "http://old.example/" };
    const fresh = { pattern: ".", url: "http://new.example/" };
    hooked.hooks.apply([old], nothing);
    const result = hooked.hooks.apply([fresh], () => hooked.world.load({ name: "web" }, { start: false }).result);
    expect(result).toBe("default.web");
    await settle();
    expect(hooked.poster.posts.map(({ request }) => request.url)).toEqual([fresh.url]);
    expect(hooked.infos.at(-1)).toBe('webhook "." to http://old.example: removed; 1 event that waited for it lost');
  });

  test("changes nothing when the work fails", async () => {
    await using hooked = await HookedWorld.started();
    const old = { pattern: ".", url, key };
    hooked.hooks.apply([old], nothing);
    await hooked.load("a");
    const before = hooked.hooks.list;
    const failed = thrownBy(() =>
      hooked.hooks.apply(
        [
          { ...old, key: otherKey },
          { pattern: "exit", url: "http://new.example/" },
        ],
        () => {
          throw new GafferError("shutting_down", "no");
        },
      ),
    );
    expect(failed).toMatchObject({ message: "no" });
    expect(hooked.hooks.list).toEqual(before);
    await hooked.answer(200);
    await hooked.load("b");
    const { headers, body } = hooked.poster.last.request;
    const text = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
    expect(headers["webhook-signature"]).toBe(
      `v1,${new Bun.CryptoHasher("sha256", key).update(text).digest("base64")}`,
    );
  });

  test("changes a secret for what waits, too, brings a removed one back, and sends again after a 410", async () => {
    await using hooked = await HookedWorld.started();
    const hook = { pattern: ".", url, key };
    hooked.hooks.apply([hook], nothing);
    await hooked.load("a");
    await hooked.answer(410);
    hooked.hooks.apply([{ ...hook, key: undefined }], nothing);
    expect(hooked.hooks.list).toMatchObject([{ signed: false, gone: false }]);
    await hooked.load("b");
    expect(hooked.poster.last.request.headers).not.toHaveProperty("webhook-signature");
    await hooked.answer(500);
    hooked.hooks.apply([{ ...hook, key: otherKey }], nothing);
    await hooked.advance(1000);
    expect(hooked.poster.last.request.headers).toHaveProperty("webhook-signature");
    hooked.hooks.unregister(hook);
    expect(hooked.hooks.list).toEqual([]);
    hooked.hooks.apply([hook], nothing);
    expect(hooked.hooks.list).toMatchObject([{ pattern: ".", configured: true }]);
  });
});

describe("WebHooks at the end", () => {
  test("delivers the last events in order, after everything is stopped", async () => {
    await using hooked = await HookedWorld.started();
    hooked.hooks.register({ pattern: ".", url });
    hooked.world.load({ name: "web" });
    hooked.poster.onPost = (post) => post.answer(200);
    const over = hooked.world.manager.stop();
    hooked.world.host.obey();
    await over;
    expect(hooked.posted).toEqual([
      "load default.web",
      "start default.web",
      "spawn default.web",
      "stop default.web",
      "stop_process default.web",
      "exit default.web",
    ]);
    expect(hooked.warnings).toEqual([]);
  });

  test("waits no longer than its bound for a receiver that never answers, and tells what is lost", async () => {
    await using hooked = await HookedWorld.started();
    hooked.hooks.register({ pattern: ".", url });
    await hooked.load("a");
    await hooked.load("b");
    const over = hooked.world.manager.stop();
    await settle();
    await hooked.advance(LAST_WORDS_MS - 1);
    expect(hooked.warnings).toEqual([]);
    await hooked.advance(1);
    await over;
    expect(hooked.warnings).toEqual([
      "webhook http://ops.example/...: 4 events lost at the end: there is no time left",
    ]);
    expect(hooked.world.clock.pending).toBe(0);
  });

  test("tries a receiver that failed twice more, soon, and then gives the rest up", async () => {
    await using hooked = await HookedWorld.started();
    hooked.hooks.register({ pattern: ".", url });
    for (const name of ["a", "b", "c"]) await hooked.load(name);
    hooked.poster.onPost = (post) => post.fail("nobody listens there");
    hooked.poster.last.answer(200);
    const over = hooked.world.manager.stop();
    await settle();
    expect(hooked.world.clock.nextInMs).toBe(200);
    await hooked.advance(200);
    await over;
    expect(hooked.posted).toEqual(["load default.a", "load default.b", "load default.b"]);
    expect(hooked.warnings).toEqual(["webhook http://ops.example/...: 5 events lost at the end: nobody listens there"]);
  });

  test("does not sit out a long pause: a receiver that is back gets what waits", async () => {
    await using hooked = await HookedWorld.started();
    hooked.hooks.register({ pattern: ".", url });
    await hooked.load("a");
    await hooked.load("b");
    await hooked.answer(503, "300");
    hooked.poster.onPost = (post) => post.answer(200);
    await hooked.world.manager.stop();
    expect(hooked.posted).toEqual([
      "load default.a",
      "load default.a",
      "load default.b",
      "stop default.b",
      "stop default.a",
    ]);
    expect(hooked.warnings).toEqual([]);
  });

  test("ends at once when it is killed, and takes no more webhooks", async () => {
    await using hooked = await HookedWorld.started();
    hooked.hooks.register({ pattern: ".", url });
    await hooked.load("a");
    hooked.hooks.kill();
    expect(hooked.poster.last.request.signal.aborted).toBe(false);
    const over = hooked.world.manager.stop();
    await settle();
    hooked.hooks.kill();
    await over;
    expect(hooked.warnings).toEqual([
      "webhook http://ops.example/...: 2 events lost at the end: gaffer was told to end at once",
    ]);
    expect(thrownBy(() => hooked.hooks.register({ pattern: "exit", url }))).toMatchObject({ code: "shutting_down" });
  });

  test("leaves little time for last words to whoever is told to end at once before they begin", async () => {
    await using hooked = await HookedWorld.started();
    hooked.hooks.register({ pattern: ".", url });
    hooked.world.load({ name: "web" });
    const over = hooked.world.manager.stop();
    await settle();
    hooked.hooks.kill();
    hooked.world.host.obey();
    await settle();
    expect(hooked.world.clock.delays).toContain(KILLED_WORDS_MS);
    await hooked.advance(KILLED_WORDS_MS);
    await over;
    expect(hooked.warnings).toEqual([
      "webhook http://ops.example/...: 6 events lost at the end: there is no time left",
    ]);
  });
});
