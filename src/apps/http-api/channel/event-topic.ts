import { firstMatch } from "../../../manager/event-emitter.ts";
import { type GafferEvent, topicsOf } from "../../../manager/gaffer-event.ts";
import type { Manager } from "../../../manager/manager.ts";
import { topicEvent } from "../../../wire/channel-reply.ts";
import type { TopicAccess, TopicFeed } from "./topic-feed.ts";

/** Most events taken from the manager's history at once. */
const BATCH = 256;

/** The last message that an event was made into: a thousand who listen to the same topic share it. */
const made = new WeakMap<GafferEvent, { readonly topic: string; readonly message: string }>();

function messageOf(event: GafferEvent, topic: string): string {
  const known = made.get(event);
  if (known?.topic === topic) return known.message;
  const message = topicEvent(topic, JSON.stringify(event));
  made.set(event, { topic, message });
  return message;
}

/** What an {@link EventTopic} listens to. */
export interface EventTopicOptions {
  /** As the client named it, and knows it by. */
  readonly topic: string;
  /** Topic of the events, or its beginning. */
  readonly pattern: string;
  readonly access: TopicAccess;
}

/** Events of a manager from now on. A slow reader holds none of them: he reads on in the manager's history, and is told what it forgot. */
export class EventTopic implements TopicFeed {
  readonly access: TopicAccess;
  readonly isEnded = false;
  readonly #manager: Manager;
  readonly #topic: string;
  readonly #pattern: string;
  #seq = 0;
  #batch: readonly GafferEvent[] = [];
  #at = 0;
  /** All that happened was looked at: what is forgotten before the next event of ours is no loss. */
  #isIdle = true;
  #unsubscribe: (() => void) | undefined;

  constructor(manager: Manager, { topic, pattern, access }: EventTopicOptions) {
    this.#manager = manager;
    this.#topic = topic;
    this.#pattern = pattern.replace(/\.$/, "");
    this.access = access;
  }

  open(wake: () => void): void {
    this.#seq = this.#manager.seq;
    this.#unsubscribe = this.#manager.events.subscribe(this.#pattern, (_topic, event) => {
      // What was recorded before we came, and is told only now, is not ours.
      if (event.seq <= this.#seq) return;
      if (this.#isIdle) this.#seq = event.seq - 1;
      this.#isIdle = false;
      wake();
    });
  }

  next(): string | undefined {
    for (;;) {
      const event = this.#batch[this.#at++] ?? this.#fetch();
      if (event === undefined || typeof event === "string") return event;
      if (firstMatch(this.#pattern, topicsOf(event)) !== undefined) return messageOf(event, this.#topic);
    }
  }

  /** The first event of the next batch; or what tells that some are missing before it. */
  #fetch(): GafferEvent | string | undefined {
    this.#batch = [];
    this.#at = 0;
    if (this.#isIdle) return undefined;
    const { events } = this.#manager.eventsSince(this.#seq);
    const [first] = events;
    if (first === undefined) {
      this.#isIdle = true;
      return undefined;
    }
    const missed = first.seq - this.#seq - 1;
    if (missed > 0) {
      this.#seq = first.seq - 1;
      const gap = { event: "gap", missed, reason: "more happened than is kept" };
      return topicEvent(this.#topic, JSON.stringify(gap));
    }
    this.#batch = events.slice(0, BATCH);
    this.#seq = this.#batch.at(-1)?.seq ?? this.#seq;
    this.#at = 1;
    return first;
  }

  close(): void {
    this.#unsubscribe?.();
  }
}
