import type { GafferEvent } from "../../manager/gaffer-event.ts";

/** Events that a reader can't be given any more. */
export interface EventGap {
  /** How many; null = nobody knows. */
  readonly missed: number | null;
  readonly reason: string;
  /** Number of the last of them; whoever goes on there is told of them no second time. */
  readonly seq: number;
}

/** How events are sent; each may be sent by any number of feeds. */
export interface EventForm {
  /** Where a feed begins. @defaultValue it is not told */
  readonly begin?: (id: string) => string;
  /** @param topic - of those of the event, the one that was asked for. */
  readonly event: (event: GafferEvent, id: string, topic: string) => string;
  readonly gap: (gap: EventGap, id: string) => string;
}
