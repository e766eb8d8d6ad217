import { afterAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { QUEUE_LIMITS } from "../../../src/apps/webhooks/receiver.ts";
import { WebHooks, type WebhookStatus } from "../../../src/apps/webhooks/web-hooks.ts";
import { fetchPoster } from "../../../src/client/http-poster.ts";
import { EventEmitter } from "../../../src/manager/event-emitter.ts";
import { type GafferEvent, topicsOf } from "../../../src/manager/gaffer-event.ts";
import { Manager } from "../../../src/manager/manager.ts";
import { FakeHost } from "../../support/fake-host.ts";
import { hurriedClock } from "../../support/hurried-clock.ts";
import { waitFor } from "../../support/wait-for.ts";
import { never, WebhookReceiver } from "../../support/webhook-receiver.ts";

const strays: unknown[] = [];
const stray = (error: unknown): void => void strays.push(error);
process.on("unhandledRejection", stray);
afterAll(() => {
  process.off("unhandledRejection", stray);
  expect(strays).toEqual([]);
});

/** Webhooks over real sockets, whose pauses are a fiftieth of what they are. */
class Hooked implements AsyncDisposable {
  readonly warnings: string[] = [];
  readonly infos: string[] = [];
  readonly hooks: WebHooks;
  readonly #manager: Manager;
  #seq = 0;

  constructor(...urls: string[]) {
    const clock = hurriedClock(50);
    this.#manager = new Manager({ host: new FakeHost(), clock, env: {}, cwd: "/", onError: stray });
    this.hooks = new WebHooks({
      poster: fetchPoster,
      clock,
      warn: (text) => this.warnings.push(text),
      info: (text) => this.infos.push(text),
      userAgent: "gaffer/test",
      epoch: "e",
    });
    this.hooks.start(this.#manager);
    for (const url of urls) this.hooks.register({ pattern: ".", url });
  }

  /** Publishes exits of these jobs. */
  exits(...names: string[]): void {
    for (const name of names) this.publish({ event: "exit", name: `default.${name}`, time: 1, seq: ++this.#seq });
  }

  publish(event: GafferEvent): void {
    this.#manager.events.publish(topicsOf(event), event);
  }

  status(url: string): WebhookStatus {
    const found = this.hooks.list.find((hook) => hook.url === url);
    if (found === undefined) throw new Error(`no webhook to ${url}`);
    return found;
  }

  /** Waits until nothing waits for a URL. */
  async idle(url: string): Promise<void> {
    await waitFor(
      () => this.status(url).pending === 0,
      () => JSON.stringify([this.hooks.list, this.warnings]),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hooks.stop();
    // Nothing of it hears the manager any more.
    expect(this.#manager.events.active).toBe(false);
    expect(this.#manager.events).toBeInstanceOf(EventEmitter);
  }
}

/** A URL at which nobody listens. */
async function deadUrl(): Promise<string> {
  await using receiver = new WebhookReceiver();
  return receiver.url;
}

/** A TCP server that does this with each connection once something was sent. */
async function rawServer(act: Parameters<typeof createServer>[1] & object): Promise<Server & { url: string }> {
  const server = createServer(act);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it listens on no port");
  return Object.assign(server, { url: `http://127.0.0.1:${address.port}/hook` });
}

describe("webhooks over HTTP", () => {
  test("arrive in order, with the record of the event, on one connection", async () => {
    await using receiver = new WebhookReceiver(() => Response.json({ thanks: true }));
    await using hooked = new Hooked(receiver.url);
    const names = Array.from({ length: 200 }, (_, at) => `job${at}`);
    hooked.exits(...names);
    await receiver.has(200);
    expect(receiver.received.map(({ event }) => event.seq)).toEqual(names.map((_, at) => at + 1));
    expect(receiver.received[0]).toMatchObject({
      path: "/hook",
      method: "POST",
      headers: {
        "content-type": "application/json",
        "user-agent": "gaffer/test",
        "webhook-id": "msg_e_1",
        "gaffer-attempt": "1",
      },
      body: '{"event":"exit","name":"default.job0","time":1,"seq":1}',
    });
    await hooked.idle(receiver.url);
    expect(new Set(receiver.received.map(({ port }) => port)).size).toBe(1);
    expect(hooked.status(receiver.url)).toMatchObject({ delivered: 200, failed: 0, dropped: 0 });
  });

  test("carry user and password of the URL as basic authentication, and nowhere else", async () => {
    await using receiver = new WebhookReceiver();
    const url = receiver.url.replace("//", "//us%20er:pa55%3Aword@");
    await using hooked = new Hooked(url);
    hooked.exits("web");
    await receiver.has(1);
    const { authorization, ...headers } = receiver.received[0]?.headers ?? {};
    expect(atob(authorization?.replace("Basic ", "") ?? "")).toBe("us er:pa55:word");
    expect(JSON.stringify([headers, receiver.received[0]?.path, hooked.infos])).not.toContain("pa55");
  });

  test("wait for a receiver that answers 500, and come in order once it answers 200", async () => {
    await using receiver = new WebhookReceiver((_, at) => new Response(null, { status: at < 2 ? 500 : 200 }));
    await using hooked = new Hooked(receiver.url);
    hooked.exits("a", "b");
    await receiver.has(4);
    await hooked.idle(receiver.url);
    expect(receiver.received.map(({ headers, event }) => `${event.name} ${headers["gaffer-attempt"]}`)).toEqual([
      "default.a 1",
      "default.a 2",
      "default.a 3",
      "default.b 1",
    ]);
    expect(new Set(receiver.received.slice(0, 3).map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    expect(hooked.status(receiver.url)).toMatchObject({ delivered: 2, failed: 0, lastError: "it answered 500" });
  });

  test("heed Retry-After", async () => {
    const headers = { "retry-after": "1" };
    await using receiver = new WebhookReceiver(
      (_, at) => new Response(null, { status: at === 0 ? 429 : 200, headers }),
    );
    await using hooked = new Hooked(receiver.url);
    hooked.exits("a");
    await receiver.has(2);
    await hooked.idle(receiver.url);
    expect(hooked.status(receiver.url)).toMatchObject({ delivered: 1, lastError: "it answered 429" });
  });

  test("end at 410, and go on after 400", async () => {
    await using gone = new WebhookReceiver(() => new Response(null, { status: 410 }));
    await using picky = new WebhookReceiver((_, at) => new Response(null, { status: at === 0 ? 400 : 200 }));
    await using hooked = new Hooked(gone.url, picky.url);
    hooked.exits("a", "b", "c");
    await picky.has(3);
    await hooked.idle(picky.url);
    await hooked.idle(gone.url);
    expect(gone.events).toEqual(["exit default.a"]);
    expect(hooked.status(gone.url)).toMatchObject({ gone: true, failed: 1, dropped: 2 });
    expect(hooked.status(picky.url)).toMatchObject({ delivered: 2, failed: 1 });
    expect(picky.received[1]?.headers["gaffer-missed"]).toBe("1");
  });

  test("follow no redirect", async () => {
    await using elsewhere = new WebhookReceiver();
    await using receiver = new WebhookReceiver(() => Response.redirect(elsewhere.url, 307));
    await using hooked = new Hooked(receiver.url);
    hooked.exits("a");
    await hooked.idle(receiver.url);
    expect([receiver.received.length, elsewhere.received.length]).toEqual([1, 0]);
    expect(hooked.status(receiver.url)).toMatchObject({
      failed: 1,
      lastError: "it answered 307, and redirects are not followed",
    });
  });

  test("survive connections that are reset, and what is no HTTP", async () => {
    let connections = 0;
    await using _pair = new AsyncDisposableStack();
    const server = await rawServer((socket) => {
      connections++;
      socket.on("error", () => undefined);
      socket.once("data", () => {
        if (connections === 1) socket.resetAndDestroy();
        else if (connections === 2) socket.end("220 mail.example ESMTP\r\n");
        else socket.end("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
      });
    });
    _pair.defer(() => void server.close());
    await using hooked = new Hooked(server.url);
    hooked.exits("a");
    await hooked.idle(server.url);
    expect(hooked.status(server.url)).toMatchObject({
      delivered: 1,
      lastError: "it does not speak HTTP",
    });
    expect(connections).toBe(3);
  });

  test("do not read a huge answer whole", async () => {
    let sent = 0;
    let cancelled = false;
    const flood = (): Response =>
      new Response(
        new ReadableStream({
          async pull(controller) {
            sent += 65_536;
            controller.enqueue(new Uint8Array(65_536));
            await Bun.sleep(0);
          },
          cancel() {
            cancelled = true;
          },
        }),
      );
    await using receiver = new WebhookReceiver((_, at) => (at === 0 ? flood() : new Response()));
    await using hooked = new Hooked(receiver.url);
    hooked.exits("a", "b");
    await receiver.has(2);
    await waitFor(
      () => cancelled,
      () => `the answer to end, ${sent} bytes were sent`,
    );
    await hooked.idle(receiver.url);
    expect(hooked.status(receiver.url)).toMatchObject({ delivered: 2, failed: 0 });
    expect(sent).toBeLessThan(64 * 1_048_576);
  });

  test("do not wait for the end of an answer that is known", async () => {
    await using receiver = new WebhookReceiver(
      () => new Response(new ReadableStream({ start: (it) => it.enqueue(new Uint8Array(1)) })),
    );
    await using hooked = new Hooked(receiver.url);
    hooked.exits("a", "b");
    await receiver.has(2);
    await hooked.idle(receiver.url);
    expect(hooked.status(receiver.url)).toMatchObject({ delivered: 2, failed: 0 });
  });

  test("go only to a server whose certificate is trusted", async () => {
    const pem = readFileSync(join(import.meta.dir, "../../fixtures/tls/self-signed.pem"), "utf8");
    await using receiver = new WebhookReceiver(() => new Response(), { cert: pem, key: pem });
    await using hooked = new Hooked(receiver.url);
    expect(receiver.url).toStartWith("https://");
    hooked.exits("a");
    await waitFor(
      () => hooked.status(receiver.url).lastError !== undefined,
      () => "a first failure",
    );
    expect(hooked.status(receiver.url).lastError).toStartWith("its certificate is not trusted (");
    expect(receiver.received).toEqual([]);
  });
});

describe("a receiver that is no good holds up nobody:", () => {
  test("one that never answers", async () => {
    await using slow = new WebhookReceiver(never);
    await using quick = new WebhookReceiver();
    await using hooked = new Hooked(slow.url, quick.url);
    hooked.exits("a", "b", "c");
    await quick.has(3);
    expect(quick.events).toEqual(["exit default.a", "exit default.b", "exit default.c"]);
    // It is tried again after the time-out, with the first event.
    await slow.has(2);
    expect(slow.events.slice(0, 2)).toEqual(["exit default.a", "exit default.a"]);
    expect(hooked.status(slow.url)).toMatchObject({ pending: 3, lastError: "it did not answer within 10 s" });
  });

  test("one that is not there: the event is given up, and the log says so", async () => {
    const url = await deadUrl();
    await using hooked = new Hooked(url);
    hooked.exits("a", "b");
    await hooked.idle(url);
    expect(hooked.status(url)).toMatchObject({ delivered: 0, failed: 2, lastError: "nobody listens there" });
    expect(hooked.warnings).toEqual([
      `webhook ${new URL(url).origin}/...: exit of default.a is given up after 8 tries: nobody listens there`,
    ]);
  });

  test("one that is not there under 100 000 events: the newest wait, in bounded memory", async () => {
    const url = await deadUrl();
    await using hooked = new Hooked(url);
    const count = 100_000;
    for (let at = 0; at < count; at++) hooked.exits(`job${at}`);
    // The first is under way at most; nothing else has had a chance yet.
    const { pending, dropped, failed } = hooked.status(url);
    expect([pending, dropped, failed]).toEqual([QUEUE_LIMITS.count, count - QUEUE_LIMITS.count, 0]);
    expect(hooked.warnings.length).toBe(1);
    // And it goes on: what comes while it is tried stays within the bound.
    await waitFor(
      () => hooked.status(url).lastError !== undefined,
      () => "a first failure",
    );
    for (let at = 0; at < count; at++) hooked.exits(`more${at}`);
    const after = hooked.status(url);
    expect(after.pending).toBe(QUEUE_LIMITS.count + 1);
    expect(after.pending + after.dropped + after.failed).toBe(2 * count);
  });

  test("one that is too slow for large events: as many wait as their bytes allow", async () => {
    await using slow = new WebhookReceiver(never);
    await using hooked = new Hooked(slow.url);
    hooked.exits("first");
    await slow.has(1);
    const reason = "x".repeat(10_000);
    for (let seq = 2; seq < 1000; seq++) {
      hooked.publish({ event: "failed", name: "default.web", time: 1, seq, reason });
    }
    const { pending, dropped } = hooked.status(slow.url);
    expect(pending - 1).toBe(Math.floor(QUEUE_LIMITS.bytes / (reason.length + 70)));
    expect(pending + dropped).toBe(999);
  });

  test("and the next delivery says how many events were dropped", async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<Response>();
    await using receiver = new WebhookReceiver((_, at) => (at === 0 ? held : new Response()));
    await using hooked = new Hooked(receiver.url);
    hooked.exits("first");
    await receiver.has(1);
    hooked.exits(...Array.from({ length: QUEUE_LIMITS.count + 7 }, (_, at) => `job${at}`));
    release(new Response());
    await hooked.idle(receiver.url);
    expect(receiver.received.length).toBe(QUEUE_LIMITS.count + 1);
    expect(receiver.received[1]?.event.name).toBe("default.job7");
    expect(receiver.received.slice(0, 3).map(({ headers }) => headers["gaffer-missed"])).toEqual([
      undefined,
      "7",
      undefined,
    ]);
  });
});

describe("at the end", () => {
  test("a receiver that never answers is left within the bound, and what is lost is told", async () => {
    await using slow = new WebhookReceiver(never);
    const hooked = new Hooked(slow.url);
    hooked.exits("a", "b");
    await slow.has(1);
    await hooked[Symbol.asyncDispose]();
    expect(hooked.warnings).toEqual([
      `webhook ${new URL(slow.url).origin}/...: 2 events lost at the end: there is no time left`,
    ]);
  });

  test("what waits is delivered", async () => {
    await using receiver = new WebhookReceiver();
    const hooked = new Hooked(receiver.url);
    hooked.exits("a", "b", "c");
    await hooked[Symbol.asyncDispose]();
    expect(receiver.events).toEqual(["exit default.a", "exit default.b", "exit default.c"]);
    expect(hooked.warnings).toEqual([]);
  });
});
