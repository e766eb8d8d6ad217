import { Type, type TSchema } from "@sinclair/typebox";
import { GafferError } from "../../base/gaffer-error.ts";
import type { FeedOptions } from "../../server/feed.ts";

/** How a feed is sent: one piece after the other, the next one and then the end, or as an event stream. */
export type FeedKind = "continuous" | "longpoll" | "eventsource";

/** The kinds by name. */
export const FEED_KINDS: readonly FeedKind[] = ["continuous", "longpoll", "eventsource"];

/** A comment of the event stream format, which readers skip. */
const COMMENT = ":\n\n";

/** An event stream; it speaks at once and never falls silent. */
export const EVENT_STREAM: FeedOptions = { contentType: "text/event-stream", greeting: COMMENT, heartbeat: COMMENT };

/** JSON texts, one a line, or a single one; an empty line at once and then for each heartbeat, which JSON readers skip. */
export const jsonFeed = (kind: Exclude<FeedKind, "eventsource">): FeedOptions => ({
  contentType: kind === "longpoll" ? "application/json" : "application/x-ndjson",
  greeting: "\n",
  heartbeat: "\n",
});

const way = "it is a number of seconds from 0.1 on, or true";

/** Where heartbeats are wanted: every so many seconds, or `true` for the 60 of gaffer 0.4. */
export const heartbeat: TSchema & { static: string | undefined } = Type.Optional(
  Type.Union([Type.String({ pattern: String.raw`^\d{1,5}(\.\d+)?$` }), Type.Literal("true")], { description: way }),
);

/** How often they are sent, in milliseconds. @throws {@link GafferError} `bad_request` */
export function heartbeatMs(text: string | undefined): { heartbeatMs?: number } {
  if (text === undefined) return {};
  const seconds = text === "true" ? 60 : Number(text);
  if (seconds >= 0.1 && seconds <= 86_400) return { heartbeatMs: seconds * 1000 };
  throw new GafferError("bad_request", `Cannot use heartbeat=${text}: ${way}`);
}
