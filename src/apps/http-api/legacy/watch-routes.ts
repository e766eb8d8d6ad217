import { Type } from "@sinclair/typebox";
import type { GafferEvent } from "../../../manager/gaffer-event.ts";
import { readQuery } from "../../../server/query.ts";
import type { FeedOptions } from "../../../server/feed.ts";
import type { Route, RouteRequest } from "../../../server/route.ts";
import { parseFeedId } from "../../../wire/feed-id.ts";
import { encodeSse } from "../../../wire/sse.ts";
import { fields } from "../../control/arguments.ts";
import { eventResult } from "../../control/results.ts";
import { permitEvents } from "../../control/event-access.ts";
import type { FeedPorts } from "../current/feed-routes.ts";
import { EventFeed } from "../event-feed.ts";
import type { EventForm, EventGap } from "../event-form.ts";
import { EVENT_STREAM, FEED_KINDS, type FeedKind, heartbeat, heartbeatMs, jsonFeed } from "../feed-form.ts";
import { legacyName } from "./legacy-name.ts";
import { readWatchPattern, type WatchPattern } from "./watch-pattern.ts";

const watchQuery = fields({
  feed: Type.Optional(
    Type.Union(
      FEED_KINDS.map((kind) => Type.Literal(kind)),
      { description: `it is ${FEED_KINDS.join(", ")}` },
    ),
  ),
  heartbeat,
  since: Type.Optional(
    Type.String({ description: "it is the number or the id of the last event that was seen; 0 = all" }),
  ),
});

const gapJson = (gap: EventGap): string => JSON.stringify({ event: "gap", ...gap });

/** Events as gaffer 0.4 told them: named by the topic that matched, of a job by the name it had there. */
function formOf({ topicOf }: WatchPattern, kind: FeedKind): EventForm {
  const json = (event: GafferEvent): string => {
    const topic = topicOf(event);
    return JSON.stringify({ ...event, event: topic, name: legacyName(event.name), topic });
  };
  if (kind !== "eventsource") {
    return { event: (event) => `${json(event)}\r\n`, gap: (gap) => `${gapJson(gap)}\r\n` };
  }
  return {
    begin: (id) => `id: ${id}\n\n`,
    event: (event, id) => encodeSse({ id, event: topicOf(event), data: json(event) }),
    gap: (gap, id) => encodeSse({ id, event: "gap", data: gapJson(gap) }),
  };
}

const feedOptions = (kind: FeedKind): FeedOptions => (kind === "eventsource" ? EVENT_STREAM : jsonFeed(kind));

function watch(
  { manager, feeds, epoch }: FeedPorts,
  { params, query, raw, keepAlive, caller }: RouteRequest,
): Response {
  const { feed = "longpoll", ...given } = readQuery(query, watchQuery);
  const beats = heartbeatMs(given.heartbeat);
  const parts = [params["what"], params["name"], params["event"]].filter((part) => part !== undefined);
  const wanted = readWatchPattern(parts);
  permitEvents(caller, wanted.pattern, manager);
  const since = parseFeedId(raw.headers.get("last-event-id") ?? given.since ?? null, epoch);
  const form = formOf(wanted, feed);
  const source = new EventFeed(manager, { epoch, pattern: wanted.pattern, since, form, isSingle: feed === "longpoll" });
  keepAlive();
  return feeds.respond(source, caller, { ...feedOptions(feed), ...beats });
}

/** Routes of what happens. @see gaffer 0.4 `gaffer/http/watcher.py` */
export const watchRoutes = (ports: FeedPorts): readonly Route[] =>
  ["/watch/:what?", "/watch/:what/:name", "/watch/:what/:name/:event"].map((path) => ({
    method: "GET",
    path,
    endless: true,
    doc: {
      summary: "Follow what happens: the next event, all of them, or as an event stream that can be resumed",
      access: "manage of everything, or read of the one job that is named",
      query: watchQuery,
      contentTypes: ["application/json", "application/x-ndjson", "text/event-stream"],
      answer: eventResult,
    },
    handle: (request) => watch(ports, request),
  }));
