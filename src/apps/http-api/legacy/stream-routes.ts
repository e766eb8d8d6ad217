import { Type } from "@sinclair/typebox";
import { permit } from "../../../base/caller.ts";
import { GafferError } from "../../../base/gaffer-error.ts";
import type { Manager } from "../../../manager/manager.ts";
import { readQuery } from "../../../server/query.ts";
import type { Route, RouteRequest } from "../../../server/route.ts";
import { parseFeedId } from "../../../wire/feed-id.ts";
import { fields } from "../../control/arguments.ts";
import { send } from "../../control/process-commands.ts";
import { commandRoute, type ControlRoute } from "../command-route.ts";
import type { FeedPorts } from "../current/feed-routes.ts";
import { EVENT_STREAM, FEED_KINDS, heartbeat, heartbeatMs } from "../feed-form.ts";
import { pidOf } from "../request-fields.ts";
import { StreamFeed } from "../stream-feed.ts";

const streamQuery = fields({
  feed: Type.Optional(
    Type.Union(
      FEED_KINDS.map((kind) => Type.Literal(kind)),
      { description: `it is ${FEED_KINDS.join(", ")}` },
    ),
  ),
  heartbeat,
});

/** A stream of a process, of those it has; the first, if none is named. @throws {@link GafferError} `stream_not_found`, `forbidden` */
function streamOf(manager: Manager, request: RouteRequest): { readonly id: number; readonly stream: string } {
  const info = manager.getProcess(pidOf(request));
  permit(request.caller, { permission: "read", target: info.name, what: `read process ${info.pid}` });
  const streams = [...info.redirectOutput, ...info.customStreams];
  const { stream = streams[0] ?? "" } = request.params;
  if (streams.includes(stream)) return { id: info.pid, stream };
  throw new GafferError(
    "stream_not_found",
    `Cannot read stream "${stream}" of process ${info.pid}: its streams are ${streams.join(", ") || "none"}`,
    { details: { streams } },
  );
}

/** Follows what a process says. */
export const streamRoute = ({ manager, output, feeds, epoch }: FeedPorts): Route => ({
  method: "GET",
  path: "/streams/:pid#/:stream?",
  endless: true,
  doc: {
    summary: "Follow what a process says: the next output, all of it, or as events",
    access: "read of what is named",
    query: streamQuery,
    contentTypes: ["application/octet-stream", "text/event-stream"],
  },
  handle: (request) => {
    const { feed = "longpoll", ...given } = readQuery(request.query, streamQuery);
    const beats = heartbeatMs(given.heartbeat);
    const from = streamOf(manager, request);
    const isEvents = feed === "eventsource";
    const after = isEvents ? parseFeedId(request.raw.headers.get("last-event-id"), epoch) : undefined;
    // Whoever asks for heartbeats takes empty lines: one at once brings the head, which Bun keeps back until there is a byte.
    const lines = given.heartbeat === undefined ? {} : { greeting: "\n", heartbeat: "\n" };
    request.keepAlive();
    return feeds.respond(new StreamFeed(output, from, { kind: feed, epoch, after }), request.caller, {
      ...(isEvents ? EVENT_STREAM : { contentType: "application/octet-stream", ...lines }),
      ...beats,
    });
  },
});

const input = { method: "POST", command: send, body: { bytes: "data" } } as const;

/** Routes of what is written to a process: whole, or refused. */
export const inputRoutes: readonly ControlRoute[] = [
  commandRoute({ ...input, path: "/streams/:pid#/stdin" }),
  // The name that gaffer 0.4's documents give it.
  commandRoute({ ...input, path: "/streams/:pid#/ttin" }),
  commandRoute({ ...input, path: "/streams/:pid#/:stream" }),
];
