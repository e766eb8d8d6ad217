import { loggedUrl } from "../../base/shown-url.ts";
import type { HttpPoster } from "../../client/http-poster.ts";
import type { Clock } from "../../manager/clock.ts";
import { webhookHeaders } from "../../wire/webhook-request.ts";
import { type Delivery, DeliveryQueue, type QueueLimits } from "./delivery-queue.ts";
import { judge, type Verdict } from "./verdict.ts";

/** What waits for one receiver at most: some minutes of a lively daemon, in a memory that does not hurt. */
export const QUEUE_LIMITS: QueueLimits = { count: 1000, bytes: 1_048_576 };
/** How long a receiver may take to answer, in milliseconds. */
export const ANSWER_MS = 10_000;
/** How often one event is tried: with the pauses between them that is about two minutes. */
export const MOST_TRIES = 8;
/** The first pause, in milliseconds; each further one is twice as long, up to the last. */
const FIRST_PAUSE_MS = 1000;
const LAST_PAUSE_MS = 60_000;
/** While the daemon ends there is little time: one more try, so soon. */
const LAST_TRIES = 2;
const LAST_WORDS_PAUSE_MS = 200;

/** What receivers work with. */
export interface ReceiverPorts {
  readonly poster: HttpPoster;
  readonly clock: Clock;
  /** Told what an operator should know, a line each. */
  readonly warn: (text: string) => void;
  readonly info: (text: string) => void;
  /** `gaffer/1.2.3` */
  readonly userAgent: string;
}

/** How a receiver fares. */
export interface ReceiverState {
  /** Events that wait, the one under way included. */
  readonly pending: number;
  readonly delivered: number;
  /** Events that were given up, or refused by the receiver. */
  readonly failed: number;
  /** Events that were dropped because too many waited, or because it wants no more. */
  readonly dropped: number;
  /** Why the last attempt that failed did. */
  readonly lastError: string | undefined;
  /** It answered 410: nothing is sent to it any more. */
  readonly gone: boolean;
}

/**
 * Who gets events at one URL: one after the other, in their order, each until it is delivered, refused or given up. It waits on timers and
 * answers only.
 */
export class Receiver {
  readonly url: string;
  /** Signs what is sent from now on. */
  key: Uint8Array | undefined;
  readonly #ports: ReceiverPorts;
  readonly #queue: DeliveryQueue;
  readonly #counts = { delivered: 0, failed: 0, dropped: 0 };
  #lastError: string | undefined;
  #gone = false;
  /** Events that were lost since the receiver last heard how many. */
  #missed = 0;
  /** What the log has told of since the last success. */
  readonly #told = new Set<string>();
  #work: Promise<void> | undefined;
  #current: Delivery | undefined;
  #request: AbortController | undefined;
  /** Ends the pause between two tries. */
  #wake: (() => void) | undefined;
  /** `last words`: the daemon ends, each event has little time; `closed`: nothing is sent any more. */
  #phase: "open" | "last words" | "closed" = "open";
  /** Why it was closed before all was delivered. */
  #closedBy: string | undefined;

  constructor(url: string, key: Uint8Array | undefined, ports: ReceiverPorts) {
    this.url = url;
    this.key = key;
    this.#ports = ports;
    this.#queue = new DeliveryQueue(QUEUE_LIMITS);
  }

  get state(): ReceiverState {
    const pending = this.#queue.length + (this.#current === undefined ? 0 : 1);
    return { pending, ...this.#counts, lastError: this.#lastError, gone: this.#gone };
  }

  /** Takes an event to deliver; nothing is sent inside of this call. */
  push(delivery: Delivery): void {
    if (this.#phase === "closed") return;
    if (this.#gone) return this.#drop(1);
    const dropped = this.#queue.push(delivery);
    this.#drop(dropped);
    if (dropped > 0) this.#tellOnce("full", "too many events wait for it: the oldest are dropped");
    this.#work ??= this.#run();
  }

  #drop(count: number): void {
    this.#counts.dropped += count;
    this.#missed += count;
  }

  /** Sends to it again after it answered that it wants no more. */
  revive(): void {
    this.#gone = false;
  }

  async #run(): Promise<void> {
    // Not inside of the call that tells of the event: the manager does not wait for webhooks.
    await Promise.resolve();
    for (;;) {
      this.#current = this.#queue.shift();
      if (this.#current === undefined) break;
      await this.#deliver(this.#current);
    }
    this.#work = undefined;
  }

  async #deliver(delivery: Delivery): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const verdict = await this.#attempt(delivery, attempt);
      if (verdict.kind === "delivered") return this.#succeed();
      this.#lastError = this.#closedBy ?? verdict.reason;
      if (this.#isClosed()) return this.#lose();
      if (verdict.kind !== "retry") return this.#refused(delivery, verdict);
      if (attempt >= this.#mostTries) return this.#giveUp(delivery, attempt, verdict.reason);
      await this.#pause(this.#pauseAfter(attempt, verdict.afterMs));
      if (this.#isClosed()) {
        // While it waited.
        this.#lastError = this.#closedBy;
        return this.#lose();
      }
    }
  }

  #isClosed(): boolean {
    return this.#phase === "closed";
  }

  get #mostTries(): number {
    return this.#phase === "open" ? MOST_TRIES : LAST_TRIES;
  }

  #pauseAfter(attempt: number, askedMs = 0): number {
    if (this.#phase !== "open") return LAST_WORDS_PAUSE_MS;
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LAST_PAUSE_MS);
    // Down to half of it, so that receivers that failed together are not asked together again.
    return Math.max(askedMs, pauseMs * (1 - this.#ports.clock.random() / 2));
  }

  async #pause(delayMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#ports.clock.after(delayMs, resolve);
    this.#wake = () => {
      timer.cancel();
      resolve();
    };
    await promise;
    this.#wake = undefined;
  }

  async #attempt({ id, body }: Delivery, attempt: number): Promise<Verdict> {
    const { poster, clock, userAgent } = this.#ports;
    const request = new AbortController();
    let isLate = false;
    const timer = clock.after(ANSWER_MS, () => {
      isLate = true;
      request.abort();
    });
    this.#request = request;
    const missed = this.#missed;
    const timestamp = Math.floor(clock.wallMs() / 1000);
    const headers = webhookHeaders({ id, timestamp, attempt, missed }, body, this.key);
    try {
      const { url } = this;
      const answer = await poster.post({
        url,
        headers: { ...headers, "user-agent": userAgent },
        body,
        signal: request.signal,
      });
      const verdict = judge(answer, clock.wallMs());
      if (verdict.kind === "delivered") this.#missed -= missed;
      return verdict;
    } catch (error) {
      const fact = error instanceof Error ? error.message : String(error);
      return { kind: "retry", reason: isLate ? `it did not answer within ${ANSWER_MS / 1000} s` : fact };
    } finally {
      timer.cancel();
      this.#request = undefined;
    }
  }

  #succeed(): void {
    this.#counts.delivered++;
    if (this.#told.size > 0) this.#ports.info(`webhook ${loggedUrl(this.url)}: events are delivered again`);
    this.#told.clear();
  }

  #lose(): void {
    this.#counts.failed++;
    this.#missed++;
  }

  #refused({ subject }: Delivery, { kind, reason }: Verdict & { readonly reason: string }): void {
    this.#lose();
    if (kind === "gone") {
      this.#gone = true;
      this.#drop(this.#queue.clear());
      this.#tellOnce("gone", `${reason}: nothing is sent to it any more`);
    } else this.#tellOnce("refused", `${subject} was refused: ${reason}`);
  }

  #giveUp({ subject }: Delivery, tries: number, reason: string): void {
    this.#lose();
    if (this.#phase === "open") this.#tellOnce("given up", `${subject} is given up after ${tries} tries: ${reason}`);
    // It won't go better in the time that is left.
    else this.#close(undefined);
  }

  /** One line for each kind of trouble, until an event is delivered again: a dead receiver must not fill the log. */
  #tellOnce(trouble: string, text: string): void {
    if (this.#told.has(trouble)) return;
    this.#told.add(trouble);
    this.#ports.warn(`webhook ${loggedUrl(this.url)}: ${text}`);
  }

  /** Delivers what waits without the usual patience; what is lost then is told. It takes no more events afterwards. */
  async finish(): Promise<void> {
    const before = this.#counts.failed;
    if (this.#phase === "open") this.#phase = "last words";
    this.#wake?.();
    await this.#work;
    this.#phase = "closed";
    const lost = this.#counts.failed - before;
    if (lost > 0) {
      this.#ports.warn(
        `webhook ${loggedUrl(this.url)}: ${eventCount(lost)} lost at the end: ${this.#lastError ?? "no answer came in time"}`,
      );
    }
  }

  /** Ends all at once, what waits is lost. @param reason - why. @returns when nothing of it is left. */
  async abandon(reason: string): Promise<void> {
    this.#close(reason);
    await this.#work;
  }

  #close(reason: string | undefined): void {
    this.#phase = "closed";
    this.#closedBy = reason;
    this.#counts.failed += this.#queue.clear();
    this.#request?.abort();
    this.#wake?.();
  }
}

/** `1 event`, `2 events`. */
export const eventCount = (count: number): string => `${count} event${count === 1 ? "" : "s"}`;
