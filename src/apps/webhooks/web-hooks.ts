import { GafferError } from "../../base/gaffer-error.ts";
import { fetchPoster } from "../../client/http-poster.ts";
import { loggedUrl, shownUrl } from "../../base/shown-url.ts";
import type { Timer } from "../../manager/clock.ts";
import type { App } from "../../manager/app.ts";
import { topicsMeant } from "../../manager/event-pattern.ts";
import type { GafferEvent } from "../../manager/gaffer-event.ts";
import type { Manager } from "../../manager/manager.ts";
import type { Delivery } from "./delivery-queue.ts";
import { eventCount, Receiver, type ReceiverPorts, type ReceiverState } from "./receiver.ts";

/** Posts the events that match a pattern to a URL. */
export interface Webhook {
  /** As `parseEventPattern` gives it. */
  readonly pattern: string;
  /** As `parseWebhookUrl` gives it. */
  readonly url: string;
  /** Signs what is posted; undefined = the one that the URL has already, if it has one. */
  readonly key?: Uint8Array | undefined;
}

/** A webhook and how its receiver fares; the numbers are those of the URL, whose other webhooks share them. */
export interface WebhookStatus extends ReceiverState {
  readonly pattern: string;
  readonly url: string;
  readonly signed: boolean;
  /** Whether the configuration names it. */
  readonly configured: boolean;
}

/** What {@link WebHooks} works with. */
export interface WebHooksOptions extends Partial<Omit<ReceiverPorts, "clock">>, Pick<ReceiverPorts, "clock"> {
  /** Names this life of the program in the ids of deliveries; without a dot. @defaultValue a random one */
  readonly epoch?: string;
}

const silent = (): undefined => undefined;

/** How long the end of the daemon waits for the last events to be delivered, in milliseconds. */
export const LAST_WORDS_MS = 2000;
/** The same where it was told to end at once: enough for a receiver that is there. */
export const KILLED_WORDS_MS = 200;

interface Registered {
  hook: Webhook;
  readonly receiver: Receiver;
  configured: boolean;
  /** Ends its subscriptions; undefined while there is no manager. */
  unsubscribe: (() => void) | undefined;
}

interface Listening {
  readonly receiver: Receiver;
  /** One for all patterns of a URL, so that an event that several of them match is heard once. */
  readonly listener: (topic: string, event: GafferEvent) => void;
}

const idOf = ({ pattern, url }: Webhook): string => `${pattern} ${url}`;

/**
 * The application that posts events to URLs. Events of one URL arrive in their order, at least once each, or are told as missed; slow and
 * dead receivers hold up nobody.
 *
 * @see gaffer 0.5 `gaffer/webhooks.py`, whose name it keeps
 */
export class WebHooks implements App {
  readonly #options: Required<WebHooksOptions>;
  readonly #hooks = new Map<string, Registered>();
  readonly #receivers = new Map<string, Listening>();
  /** Receivers that were removed, while something of them is left. */
  readonly #leaving = new Set<Promise<void>>();
  #manager: Manager | undefined;
  /** The event that was made into a delivery last: each is made once for all receivers. */
  #made: { readonly event: GafferEvent; readonly delivery: Delivery } | undefined;
  #isOver = false;
  #isKilled = false;

  /** @param options - posts by {@link fetchPoster} and says nothing, unless told otherwise. */
  constructor(options: WebHooksOptions) {
    const epoch = crypto.randomUUID().slice(0, 8);
    this.#options = { poster: fetchPoster, warn: silent, info: silent, userAgent: "gaffer", epoch, ...options };
  }

  /** Every webhook, in the order they were registered. */
  get list(): readonly WebhookStatus[] {
    return Array.from(this.#hooks.values(), ({ hook: { pattern, url }, receiver, configured }) => ({
      pattern,
      url,
      signed: receiver.key !== undefined,
      configured,
      ...receiver.state,
    }));
  }

  /**
   * Adds a webhook for as long as the daemon lives.
   *
   * @throws {@link GafferError} `webhook_exists` if it is there already, or its URL has another secret; `shutting_down`.
   */
  register(hook: Webhook): void {
    const fact = this.#conflict(hook);
    if (fact !== undefined) {
      throw new GafferError("webhook_exists", `Cannot add webhook "${hook.pattern}" to ${shownUrl(hook.url)}: ${fact}`);
    }
    if (this.#isOver) throw new GafferError("shutting_down", "Cannot add a webhook: gaffer is stopping");
    this.#add(hook, false);
  }

  #conflict(hook: Webhook): string | undefined {
    if (this.#hooks.has(idOf(hook))) return "it is there already";
    const known = this.#receivers.get(hook.url)?.receiver;
    if (known === undefined || hook.key === undefined || isSameKey(known.key, hook.key)) return undefined;
    return "its URL is in use with another secret, or with none; remove that one before";
  }

  /**
   * Removes a webhook; what waits only for it is lost.
   *
   * @param hook - its URL may be as `shownUrl` gives it.
   * @throws {@link GafferError} `webhook_not_found`; `bad_request` if several are shown so.
   */
  unregister({ pattern, url }: Webhook): void {
    const alike = [...this.#hooks.values()].filter(
      ({ hook }) => hook.pattern === pattern && shownUrl(hook.url) === url,
    );
    if (alike.length > 1) {
      throw new GafferError(
        "bad_request",
        `Cannot remove webhook "${pattern}" to ${url}: there are ${alike.length} such; write the whole URL`,
      );
    }
    const registered = this.#hooks.get(idOf({ pattern, url })) ?? alike[0];
    if (registered === undefined) {
      throw new GafferError(
        "webhook_not_found",
        `Cannot remove webhook "${pattern}" to ${shownUrl(url)}: it is not there`,
      );
    }
    this.#remove(registered);
  }

  /**
   * Makes the configured webhooks what a configuration says, around the work that applies the rest of it: new ones hear what that sets off,
   * and so do those that go. A receiver that stays keeps what waits for it. What was added at run time stays.
   *
   * @throws what `work` throws; then the webhooks are what they were.
   */
  apply<T>(wanted: readonly Webhook[], work: () => T): T {
    const added = wanted.filter((hook) => !this.#hooks.has(idOf(hook))).map((hook) => this.#add(hook, true));
    try {
      const result = work();
      this.#settle(wanted);
      return result;
    } catch (error) {
      for (const registered of added) this.#remove(registered);
      throw error;
    }
  }

  #settle(wanted: readonly Webhook[]): void {
    const names = new Set(wanted.map(idOf));
    for (const registered of this.#hooks.values()) {
      if (registered.configured && !names.has(idOf(registered.hook))) this.#remove(registered);
    }
    for (const hook of wanted) {
      const registered = this.#hooks.get(idOf(hook));
      if (registered === undefined) continue;
      Object.assign(registered, { hook, configured: true });
      registered.receiver.revive();
    }
    for (const [url, { receiver }] of this.#receivers) receiver.key = this.#keyOf(url);
  }

  /** The configuration's key goes before one that came at run time. */
  #keyOf(url: string): Uint8Array | undefined {
    const all = [...this.#hooks.values()].filter(({ hook }) => hook.url === url && hook.key !== undefined);
    return (all.find(({ configured }) => configured) ?? all[0])?.hook.key;
  }

  #add(hook: Webhook, configured: boolean): Registered {
    const { receiver } = this.#listeningAt(hook);
    // Its own from now on: what it shares must not go with the webhook that brought it.
    const key = hook.key ?? receiver.key;
    const registered: Registered = { hook: { ...hook, key }, receiver, configured, unsubscribe: undefined };
    receiver.revive();
    this.#hooks.set(idOf(hook), registered);
    this.#subscribe(registered);
    this.#options.info(`webhook "${hook.pattern}" to ${loggedUrl(hook.url)}: added`);
    return registered;
  }

  #listeningAt({ url, key }: Webhook): Listening {
    const known = this.#receivers.get(url);
    if (known) return known;
    const receiver = new Receiver(url, key, this.#options);
    const made = { receiver, listener: (_topic: string, event: GafferEvent) => this.#hear(receiver, event) };
    this.#receivers.set(url, made);
    return made;
  }

  #hear(receiver: Receiver, event: GafferEvent): void {
    if (this.#made?.event !== event) this.#made = { event, delivery: this.#deliveryOf(event) };
    receiver.push(this.#made.delivery);
  }

  #deliveryOf(event: GafferEvent): Delivery {
    const id = `msg_${this.#options.epoch}_${event.seq}`;
    return { id, body: JSON.stringify(event), subject: `${event.event} of ${event.name}` };
  }

  #subscribe(registered: Registered): void {
    const listener = this.#receivers.get(registered.hook.url)?.listener;
    const events = this.#manager?.events;
    if (events === undefined || listener === undefined) return;
    const ends = topicsMeant(registered.hook.pattern).map((topic) => events.subscribe(topic, listener));
    registered.unsubscribe = () => ends.forEach((end) => end());
  }

  #remove(registered: Registered): void {
    const { hook, receiver, unsubscribe } = registered;
    unsubscribe?.();
    this.#hooks.delete(idOf(hook));
    const { pending } = receiver.state;
    const isLast = [...this.#hooks.values()].every((other) => other.receiver !== receiver);
    if (isLast) {
      this.#receivers.delete(hook.url);
      const gone = receiver.abandon("it was removed").finally(() => this.#leaving.delete(gone));
      this.#leaving.add(gone);
    }
    const lost = isLast && pending > 0 ? `; ${eventCount(pending)} that waited for it lost` : "";
    this.#options.info(`webhook "${hook.pattern}" to ${loggedUrl(hook.url)}: removed${lost}`);
  }

  start(manager: Manager): void {
    this.#manager = manager;
    for (const registered of this.#hooks.values()) this.#subscribe(registered);
  }

  /** Delivers the last events, for as long as {@link LAST_WORDS_MS}; what could not be delivered is told. */
  async stop(): Promise<void> {
    this.#isOver = true;
    for (const { unsubscribe } of this.#hooks.values()) unsubscribe?.();
    const receivers = Array.from(this.#receivers.values(), ({ receiver }) => receiver);
    const boundMs = this.#isKilled ? KILLED_WORDS_MS : LAST_WORDS_MS;
    const timer: Timer = this.#options.clock.after(boundMs, () => this.#abandonAll("there is no time left"));
    await Promise.all(receivers.map((receiver) => receiver.finish()));
    timer.cancel();
    await Promise.all(this.#leaving);
    this.#manager = undefined;
  }

  /** Ends a {@link stop} under way now, what waits is lost; one that comes has little time. */
  kill(): void {
    this.#isKilled = true;
    if (this.#isOver) this.#abandonAll("gaffer was told to end at once");
  }

  #abandonAll(reason: string): void {
    for (const { receiver } of this.#receivers.values()) void receiver.abandon(reason);
  }
}

/** Whether two keys are one. Both are ours, so it needs no constant time. */
const isSameKey = (one: Uint8Array | undefined, other: Uint8Array): boolean =>
  one !== undefined && Buffer.from(one).equals(other);
