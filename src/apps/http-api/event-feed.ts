import { GafferError } from "../../base/gaffer-error.ts";
import { firstMatch } from "../../manager/event-emitter.ts";
import { type GafferEvent, topicsOf } from "../../manager/gaffer-event.ts";
import type { Manager } from "../../manager/manager.ts";
import type { FeedSignals, FeedSource } from "../../server/feed.ts";
import { encodeSse } from "../../wire/sse.ts";

/** Where a reader of events begins: after this number; all that is kept for 0; now for `undefined`. */
export type Since = { readonly seq: number; readonly isLost: boolean } | undefined;

/**
 * Reads where a feed begins: a number, or the id of an event of this or another life of the daemon.
 *
 * @throws {@link GafferError} `bad_request` if it is neither.
 */
export function parseSince(text: string | null, epoch: string): Since {
  if (text === null || text === "") return undefined;
  const [, life, digits] = /^(?:([0-9A-Za-z]+)-)?(\d{1,15})$/.exec(text) ?? [];
  if (digits === undefined) {
    throw new GafferError(
      "bad_request",
      `Cannot begin after ${JSON.stringify(text)}: it takes the number or the id of an event, or 0 for all that is kept`,
    );
  }
  // Numbers of another life mean nothing here: what came since is all there is, and what was before is lost.
  return life === undefined || life === epoch ? { seq: Number(digits), isLost: false } : { seq: 0, isLost: true };
}

/** Most events made into text at once; a reader takes them as fast as it can. */
const BATCH = 256;

/** The events of a manager from some number on: kept ones first, then each as it comes, none missing and none twice. */
export class EventFeed implements FeedSource {
  readonly #manager: Manager;
  readonly #epoch: string;
  readonly #pattern: string;
  #seq: number;
  #isLost: boolean;
  #unsubscribe: (() => void) | undefined;

  /** @param options - `epoch` names this life of the daemon, `pattern` is a topic or its beginning. */
  constructor(manager: Manager, options: { epoch: string; pattern: string; since: Since }) {
    this.#manager = manager;
    this.#epoch = options.epoch;
    this.#pattern = options.pattern.replace(/\.$/, "");
    this.#seq = options.since?.seq ?? manager.seq;
    this.#isLost = options.since?.isLost ?? false;
  }

  open({ wake }: FeedSignals): void {
    this.#unsubscribe = this.#manager.events.subscribe(this.#pattern === "" ? "." : this.#pattern, () => wake());
    wake();
  }

  next(): string | undefined {
    if (this.#isLost) {
      this.#isLost = false;
      return this.#gap(null, "the daemon was started anew");
    }
    for (;;) {
      const { events, missed } = this.#manager.eventsSince(this.#seq);
      if (missed > 0) {
        this.#seq += missed;
        return this.#gap(missed, "more happened than is kept");
      }
      if (events.length === 0) return undefined;
      const batch = events.slice(0, BATCH);
      this.#seq = batch.at(-1)?.seq ?? this.#seq;
      const text = batch.map((event) => this.#encode(event)).join("");
      if (text !== "") return text;
    }
  }

  #encode(event: GafferEvent): string {
    const topic = firstMatch(this.#pattern, topicsOf(event));
    if (topic === undefined) return "";
    return encodeSse({
      id: `${this.#epoch}-${event.seq}`,
      event: event.event,
      data: JSON.stringify({ ...event, topic }),
    });
  }

  #gap(missed: number | null, reason: string): string {
    const id = `${this.#epoch}-${this.#seq}`;
    return encodeSse({ id, event: "gap", data: JSON.stringify({ event: "gap", missed, reason }) });
  }

  close(): void {
    this.#unsubscribe?.();
  }
}
