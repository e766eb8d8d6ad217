import type { Clock } from "./clock.ts";
import type { EventEmitter } from "./event-emitter.ts";
import { type EventFields, type EventKind, type GafferEvent, topicsOf } from "./gaffer-event.ts";

/** Events kept for late readers. */
export const HISTORY_LIMIT = 10_000;

/** What was kept after a sequence number, and whether that is all there was. */
export interface EventsSince {
  readonly events: readonly GafferEvent[];
  /** Events that were forgotten before the first of {@link events}. */
  readonly missed: number;
}

/** Numbers events, keeps the last of them, and publishes them. */
export class EventLog {
  readonly #clock: Clock;
  readonly #emitter: EventEmitter<GafferEvent>;
  readonly #kept: GafferEvent[] = [];
  readonly #limit: number;
  #seq = 0;

  /** @param limit - how many events are kept. @defaultValue {@link HISTORY_LIMIT} */
  constructor(clock: Clock, emitter: EventEmitter<GafferEvent>, limit: number = HISTORY_LIMIT) {
    this.#limit = limit;
    this.#clock = clock;
    this.#emitter = emitter;
  }

  /** Number of the last event; 0 before the first. */
  get seq(): number {
    return this.#seq;
  }

  /** Makes an event; it is heard when {@link publish} is called with it. */
  record(event: EventKind, name: string, fields: EventFields): GafferEvent {
    const record = { event, name, time: this.#clock.wallMs(), seq: ++this.#seq, ...fields };
    this.#kept.push(record);
    // Cut rarely: shifting one by one would move the whole array each time.
    if (this.#kept.length >= this.#limit * 1.25) this.#kept.splice(0, this.#kept.length - this.#limit);
    return record;
  }

  publish(event: GafferEvent): void {
    if (this.#emitter.active) this.#emitter.publish(topicsOf(event), event);
  }

  /** Events after `seq`; 0 asks for all that is kept. */
  since(seq: number): EventsSince {
    // Numbers have no gaps: where an event lies is known by its number.
    const first = this.#seq + 1 - Math.min(this.#kept.length, this.#limit);
    const after = Math.min(Math.max(seq + 1, first), this.#seq + 1);
    const events = this.#kept.slice(this.#kept.length - (this.#seq + 1 - after));
    return { events, missed: seq === 0 ? 0 : Math.max(0, first - seq - 1) };
  }
}
