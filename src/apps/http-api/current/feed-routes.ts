import { Type } from "@sinclair/typebox";
import type { Manager } from "../../../manager/manager.ts";
import type { OutputHub } from "../../../output/output-hub.ts";
import { readQuery } from "../../../server/query.ts";
import type { Feeds } from "../../../server/feed.ts";
import type { Route, RouteRequest } from "../../../server/route.ts";
import { fields } from "../../control/arguments.ts";
import { permitEvents } from "../../control/event-access.ts";
import { parseFeedId } from "../../../wire/feed-id.ts";
import { EventFeed } from "../event-feed.ts";
import { EVENT_STREAM, heartbeat, heartbeatMs } from "../feed-form.ts";

/** What feeds come from. */
export interface FeedPorts {
  readonly manager: Manager;
  readonly output: OutputHub;
  readonly feeds: Feeds;
  /** Names this life of the daemon, in the ids of its events. */
  readonly epoch: string;
}

const eventQuery = fields({
  pattern: Type.Optional(
    Type.String({ description: "it is a topic or its beginning, such as job.web; . is everything" }),
  ),
  since: Type.Optional(
    Type.String({ description: "it is the number or the id of the last event that was seen; 0 = all" }),
  ),
  heartbeat,
});

function events({ manager, feeds, epoch }: FeedPorts, { query, raw, keepAlive, caller }: RouteRequest): Response {
  const { pattern = ".", ...given } = readQuery(query, eventQuery);
  permitEvents(caller, pattern, manager);
  const since = parseFeedId(raw.headers.get("last-event-id") ?? given.since ?? null, epoch);
  const source = new EventFeed(manager, { epoch, pattern, since });
  keepAlive();
  return feeds.respond(source, caller, { ...EVENT_STREAM, ...heartbeatMs(given.heartbeat) });
}

/** Routes of what goes on and on. */
export const feedRoutes = (ports: FeedPorts): readonly Route[] => [
  {
    method: "GET",
    path: "/events",
    endless: true,
    doc: {
      summary: "Follow what happens; an id that was seen before is where it goes on",
      access: "manage of everything, or read of the one job that the pattern names",
      query: eventQuery,
      contentTypes: ["text/event-stream"],
    },
    handle: (request) => events(ports, request),
  },
];
