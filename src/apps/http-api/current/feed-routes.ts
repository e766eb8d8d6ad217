import { GafferError } from "../../../base/gaffer-error.ts";
import type { Manager } from "../../../manager/manager.ts";
import type { OutputHub } from "../../../output/output-hub.ts";
import type { FeedOptions, Feeds } from "../../../server/feed.ts";
import type { Route, RouteRequest } from "../../../server/route.ts";
import { EventFeed, parseSince } from "../event-feed.ts";
import { pidOf, refuseUnknownQuery } from "../request-fields.ts";
import { StreamFeed, type StreamFeedKind } from "../stream-feed.ts";

/** What feeds come from. */
export interface FeedPorts {
  readonly manager: Manager;
  readonly output: OutputHub;
  readonly feeds: Feeds;
  /** Names this life of the daemon, in the ids of its events. */
  readonly epoch: string;
}

/** A comment of the event stream format, which readers skip. */
const HEARTBEAT = ":\n\n";
const EVENT_STREAM: FeedOptions = { contentType: "text/event-stream", greeting: HEARTBEAT, heartbeat: HEARTBEAT };

const kinds: readonly StreamFeedKind[] = ["continuous", "longpoll", "eventsource"];
const isKind = (text: string): text is StreamFeedKind => kinds.some((kind) => kind === text);

function events({ manager, feeds, epoch }: FeedPorts, { query, raw, keepAlive }: RouteRequest): Response {
  refuseUnknownQuery(query, ["pattern", "since", "heartbeat"]);
  const since = parseSince(raw.headers.get("last-event-id") ?? query.get("since"), epoch);
  const source = new EventFeed(manager, { epoch, pattern: query.get("pattern") ?? ".", since });
  keepAlive();
  return feeds.respond(source, { ...EVENT_STREAM, ...heartbeatOf(query) });
}

/** `heartbeat=SECONDS`, or `true` for the 60 seconds of gaffer 0.4. */
function heartbeatOf(query: URLSearchParams): { heartbeatMs?: number } {
  const text = query.get("heartbeat");
  if (text === null) return {};
  const seconds = text === "true" ? 60 : /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (seconds >= 0.1 && seconds <= 86_400) return { heartbeatMs: seconds * 1000 };
  throw new GafferError("bad_request", `Cannot use heartbeat=${text}: it is a number of seconds from 0.1 on, or true`);
}

function stream({ manager, output, feeds }: FeedPorts, request: RouteRequest): Response {
  const { query, params, keepAlive } = request;
  refuseUnknownQuery(query, ["feed", "heartbeat"]);
  const kind = query.get("feed") ?? "longpoll";
  if (!isKind(kind)) throw new GafferError("bad_request", `Cannot use feed=${kind}: it is ${kinds.join(", ")}`);
  const info = manager.getProcess(pidOf(request));
  const [label = "", labels] = [params["stream"], [...info.redirectOutput, ...info.customStreams]];
  if (!labels.includes(label)) {
    const known = labels.join(", ") || "none";
    throw new GafferError(
      "stream_not_found",
      `Cannot read stream "${label}" of process ${info.pid}: its streams are ${known}`,
    );
  }
  keepAlive();
  const source = new StreamFeed(output, { id: info.pid, stream: label }, kind);
  const binary = { contentType: "application/octet-stream", ...(query.has("heartbeat") ? { heartbeat: "\n" } : {}) };
  return feeds.respond(source, { ...(kind === "eventsource" ? EVENT_STREAM : binary), ...heartbeatOf(query) });
}

/** Routes of what goes on and on. */
export const feedRoutes = (ports: FeedPorts): readonly Route[] => [
  { method: "GET", path: "/events", endless: true, handle: (request) => events(ports, request) },
  { method: "GET", path: "/streams/:pid#/:stream", endless: true, handle: (request) => stream(ports, request) },
];
