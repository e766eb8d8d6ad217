import { firstMatch } from "../../manager/event-emitter.ts";
import { type GafferEvent, topicsOf } from "../../manager/gaffer-event.ts";
import type { Manager } from "../../manager/manager.ts";
import type { FeedSignals, FeedSource } from "../../server/feed.ts";
import { feedId, type FeedPlace } from "../../wire/feed-id.ts";
import { encodeSse } from "../../wire/sse.ts";
import type { EventForm } from "./event-form.ts";

/** Most events made into text at once; a reader takes them as fast as it can. */
const BATCH = 256;

/** The JSON of an event, made once for all who hear it under the same topic. */
const made = new WeakMap<GafferEvent, { readonly topic: string; readonly json: string }>();

function jsonOf(event: GafferEvent, topic: string): string {
  const known = made.get(event);
  if (known?.topic === topic) return known.json;
  const json = JSON.stringify({ ...event, topic });
  made.set(event, { topic, json });
  return json;
}

/** Events as an event stream that can be resumed. */
const EVENT_STREAM_FORM: EventForm = {
  begin: (id) => `id: ${id}\n\n`,
  event: (event, id, topic) => encodeSse({ id, event: event.event, data: jsonOf(event, topic) }),
  gap: ({ missed, reason }, id) =>
    encodeSse({ id, event: "gap", data: JSON.stringify({ event: "gap", missed, reason }) }),
};

/** What a feed of events gives. */
export interface EventFeedOptions {
  /** Names this life of the daemon. */
  readonly epoch: string;
  /** A topic or its beginning. */
  readonly pattern: string;
  /** Where it begins. @defaultValue now */
  readonly since: FeedPlace | undefined;
  /** @defaultValue an event stream, each event with the topic that matched */
  readonly form?: EventForm;
  /** Whether it ends after the first. @defaultValue `false` */
  readonly isSingle?: boolean;
}

/** The events of a manager from some number on: kept ones first, then each as it comes, none missing and none twice. */
export class EventFeed implements FeedSource {
  readonly #manager: Manager;
  readonly #epoch: string;
  readonly #pattern: string;
  readonly #form: EventForm;
  /** Most events made into text at once. */
  readonly #batch: number;
  #seq: number;
  #isLost: boolean;
  #isGreeted = false;
  /** What was forgotten before the oldest that is kept is not missed: all that is kept was asked for. */
  #fromOldest: boolean;
  /** All that happened was looked at; what comes before the next event of our pattern is of no other's concern. */
  #isIdle = false;
  #unsubscribe: (() => void) | undefined;
  /** Ends the feed of one that gives one event only. */
  #end: (() => void) | undefined;
  #isDone = false;

  constructor(manager: Manager, options: EventFeedOptions) {
    this.#manager = manager;
    this.#epoch = options.epoch;
    this.#pattern = options.pattern.replace(/\.$/, "");
    this.#form = options.form ?? EVENT_STREAM_FORM;
    this.#batch = options.isSingle === true ? 1 : BATCH;
    const { at: seq = manager.seq, isLost = false } = options.since ?? {};
    // A number that has not been given yet is of another life, too.
    this.#isLost = isLost || seq > manager.seq;
    this.#seq = this.#isLost ? 0 : seq;
    this.#fromOldest = options.since !== undefined && this.#seq === 0;
  }

  open({ wake, end }: FeedSignals): void {
    this.#end = this.#batch === 1 ? end : undefined;
    this.#unsubscribe = this.#manager.events.subscribe(this.#pattern, (_topic, event) => {
      if (this.#isIdle) this.#seq = Math.max(this.#seq, event.seq - 1);
      this.#isIdle = false;
      wake();
    });
    wake();
  }

  next(): string | undefined {
    if (this.#isDone) return undefined;
    const begin = this.#isGreeted ? "" : this.#begin();
    if (begin !== "") return begin;
    const text = this.#next();
    if (text !== undefined && this.#end !== undefined) {
      this.#isDone = true;
      // Not from within, or it would end before this was sent.
      queueMicrotask(this.#end);
    }
    return text;
  }

  /** Who loses the connection before the first event resumes here. */
  #begin(): string {
    this.#isGreeted = true;
    return this.#form.begin?.(feedId(this.#epoch, this.#seq)) ?? "";
  }

  #next(): string | undefined {
    if (this.#isLost) {
      this.#isLost = false;
      return this.#gap(null, "the daemon was started anew");
    }
    for (;;) {
      const { events } = this.#manager.eventsSince(this.#seq);
      const [first] = events;
      this.#isIdle = first === undefined;
      if (first === undefined) return undefined;
      // Numbers have no gaps of their own.
      const missed = this.#fromOldest ? 0 : first.seq - this.#seq - 1;
      this.#fromOldest = false;
      if (missed > 0) {
        this.#seq = first.seq - 1;
        return this.#gap(missed, "more happened than is kept");
      }
      const text = this.#encode(events);
      if (text !== "") return text;
    }
  }

  /** The next of these events that were asked for; it goes on after them. */
  #encode(events: readonly GafferEvent[]): string {
    let [text, count] = ["", 0];
    for (const event of events.slice(0, BATCH)) {
      this.#seq = event.seq;
      const topic = firstMatch(this.#pattern, topicsOf(event));
      if (topic === undefined) continue;
      text += this.#form.event(event, feedId(this.#epoch, event.seq), topic);
      if (++count === this.#batch) break;
    }
    return text;
  }

  #gap(missed: number | null, reason: string): string {
    return this.#form.gap({ missed, reason, seq: this.#seq }, feedId(this.#epoch, this.#seq));
  }

  close(): void {
    this.#unsubscribe?.();
  }
}
