import { firstMatch } from "../../manager/event-emitter.ts";
import { type GafferEvent, topicsOf } from "../../manager/gaffer-event.ts";
import type { Manager } from "../../manager/manager.ts";
import type { FeedSignals, FeedSource } from "../../server/feed.ts";
import { feedId, type FeedPlace } from "../../wire/feed-id.ts";
import { encodeSse } from "../../wire/sse.ts";

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

/** The events of a manager from some number on: kept ones first, then each as it comes, none missing and none twice. */
export class EventFeed implements FeedSource {
  readonly #manager: Manager;
  readonly #epoch: string;
  readonly #pattern: string;
  #seq: number;
  #isLost: boolean;
  #isGreeted = false;
  /** What was forgotten before the oldest that is kept is not missed: all that is kept was asked for. */
  #fromOldest: boolean;
  /** All that happened was looked at; what comes before the next event of our pattern is of no other's concern. */
  #isIdle = false;
  #unsubscribe: (() => void) | undefined;

  /** @param options - `epoch` names this life of the daemon, `pattern` is a topic or its beginning. */
  constructor(manager: Manager, options: { epoch: string; pattern: string; since: FeedPlace | undefined }) {
    this.#manager = manager;
    this.#epoch = options.epoch;
    this.#pattern = options.pattern.replace(/\.$/, "");
    const { at: seq = manager.seq, isLost = false } = options.since ?? {};
    // A number that has not been given yet is of another life, too.
    this.#isLost = isLost || seq > manager.seq;
    this.#seq = this.#isLost ? 0 : seq;
    this.#fromOldest = options.since !== undefined && this.#seq === 0;
  }

  open({ wake }: FeedSignals): void {
    this.#unsubscribe = this.#manager.events.subscribe(this.#pattern, (_topic, event) => {
      if (this.#isIdle) this.#seq = Math.max(this.#seq, event.seq - 1);
      this.#isIdle = false;
      wake();
    });
    wake();
  }

  next(): string | undefined {
    if (!this.#isGreeted) {
      // Where it begins: who loses the connection before the first event resumes here.
      this.#isGreeted = true;
      return `id: ${feedId(this.#epoch, this.#seq)}\n\n`;
    }
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
      const batch = events.slice(0, BATCH);
      this.#seq = batch.at(-1)?.seq ?? this.#seq;
      const text = batch.map((event) => this.#encode(event)).join("");
      if (text !== "") return text;
    }
  }

  #encode(event: GafferEvent): string {
    const topic = firstMatch(this.#pattern, topicsOf(event));
    if (topic === undefined) return "";
    return encodeSse({ id: feedId(this.#epoch, event.seq), event: event.event, data: jsonOf(event, topic) });
  }

  #gap(missed: number | null, reason: string): string {
    const id = feedId(this.#epoch, this.#seq);
    return encodeSse({ id, event: "gap", data: JSON.stringify({ event: "gap", missed, reason }) });
  }

  close(): void {
    this.#unsubscribe?.();
  }
}
