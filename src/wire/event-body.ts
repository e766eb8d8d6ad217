import type { GafferEvent } from "../manager/gaffer-event.ts";

/** Where a feed of events misses some. */
export interface EventGap {
  readonly event: "gap";
  /** How many; null = nobody can know. */
  readonly missed: number | null;
  /** Why, in words. */
  readonly reason: string;
}

/** What a feed of events tells. */
export type EventBody = GafferEvent | EventGap;

/** Whether it tells of events that were missed. */
export const isEventGap = (body: EventBody): body is EventGap => body.event === "gap";

/** What an event's JSON tells. @throws SyntaxError if it is none */
export function decodeEvent(json: string): EventBody {
  const body: EventBody = JSON.parse(json);
  return body;
}
