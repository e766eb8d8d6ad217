import { Type } from "@sinclair/typebox";
import { permit } from "../../../base/caller.ts";
import { GafferError } from "../../../base/gaffer-error.ts";
import type { Manager } from "../../../manager/manager.ts";
import type { OutputHub } from "../../../output/output-hub.ts";
import { readQuery } from "../../../server/query.ts";
import type { FeedOptions, Feeds } from "../../../server/feed.ts";
import type { Route, RouteRequest } from "../../../server/route.ts";
import { fields } from "../../control/arguments.ts";
import { permitEvents } from "../../control/event-access.ts";
import { parseFeedId } from "../../../wire/feed-id.ts";
import { EventFeed } from "../event-feed.ts";
import { pidOf } from "../request-fields.ts";
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

/** Where heartbeats are wanted: every so many seconds, or `true` for the 60 of gaffer 0.4. */
const heartbeat = Type.Optional(
  Type.Union([Type.String({ pattern: String.raw`^\d{1,5}(\.\d+)?$` }), Type.Literal("true")], {
    description: "it is a number of seconds from 0.1 on, or true",
  }),
);

function heartbeatMs(text: string | undefined): { heartbeatMs?: number } {
  if (text === undefined) return {};
  const seconds = text === "true" ? 60 : Number(text);
  if (seconds >= 0.1 && seconds <= 86_400) return { heartbeatMs: seconds * 1000 };
  throw new GafferError("bad_request", `Cannot use heartbeat=${text}: it is a number of seconds from 0.1 on, or true`);
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
  return feeds.respond(source, { ...EVENT_STREAM, ...heartbeatMs(given.heartbeat), keyId: caller.keyId });
}

const streamQuery = fields({
  feed: Type.Optional(
    Type.Union(
      kinds.map((kind) => Type.Literal(kind)),
      { description: `it is ${kinds.join(", ")}` },
    ),
  ),
  heartbeat,
});

/** A stream of a process, of those it has. @throws {@link GafferError} `stream_not_found`, `forbidden` */
function streamOf(manager: Manager, request: RouteRequest): { readonly id: number; readonly stream: string } {
  const info = manager.getProcess(pidOf(request));
  permit(request.caller, { permission: "read", target: info.name, what: `read process ${info.pid}` });
  const [label = "", labels] = [request.params["stream"], [...info.redirectOutput, ...info.customStreams]];
  if (labels.includes(label)) return { id: info.pid, stream: label };
  throw new GafferError(
    "stream_not_found",
    `Cannot read stream "${label}" of process ${info.pid}: its streams are ${labels.join(", ") || "none"}`,
  );
}

function stream({ manager, output, feeds, epoch }: FeedPorts, request: RouteRequest): Response {
  const { feed = "longpoll", ...given } = readQuery(request.query, streamQuery);
  const from = streamOf(manager, request);
  request.keepAlive();
  const binary = {
    contentType: "application/octet-stream",
    ...(given.heartbeat === undefined ? {} : { heartbeat: "\n" }),
  };
  const after = feed === "eventsource" ? parseFeedId(request.raw.headers.get("last-event-id"), epoch) : undefined;
  return feeds.respond(new StreamFeed(output, from, { kind: feed, epoch, after }), {
    ...(feed === "eventsource" ? EVENT_STREAM : binary),
    ...heartbeatMs(given.heartbeat),
    keyId: request.caller.keyId,
  });
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
  {
    method: "GET",
    path: "/streams/:pid#/:stream",
    endless: true,
    doc: {
      summary: "Follow what a process says: the next output, all of it, or as events",
      access: "read of what is named",
      query: streamQuery,
      contentTypes: ["application/octet-stream", "text/event-stream"],
    },
    handle: (request) => stream(ports, request),
  },
];
