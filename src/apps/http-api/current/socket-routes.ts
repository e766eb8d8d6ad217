import { Type } from "@sinclair/typebox";
import { readQuery } from "../../../server/query.ts";
import type { Route } from "../../../server/route.ts";
import { socketRoute } from "../../../server/socket-route.ts";
import { fields } from "../../control/arguments.ts";
import { ChannelSession, type ChannelPorts } from "../channel/channel-session.ts";
import { ProcessChannel } from "../channel/process-channel.ts";
import { StreamSocket } from "../channel/stream-socket.ts";
import { pidOf } from "../request-fields.ts";

const binary = Type.Optional(
  Type.Boolean({ description: "it is 1 for binary messages, 0 for text; else they are of the kind the client sends" }),
);
const processQuery = fields({
  mode: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 3, description: "it is 1 to read, 2 to write, 3 for both, the default" }),
  ),
  binary,
});
const streamQuery = fields({ binary });

const channelDoc = {
  summary: "Websocket: commands and topics, JSON both ways",
  access: "what each command and topic needs; a key is sent as a header, or as the first message AUTH:<key>",
};
const processDoc = {
  summary: "Websocket: what a process says, and what is written to it, in frames V1 <type> <id> NUL <body>",
  access: "read or write of what is named, as mode says",
  query: processQuery,
};
const streamDoc = {
  summary: "Websocket: messages go to stdin of a process, what its first output says comes back",
  access: "read or write of what is named",
  query: streamQuery,
};

/** Routes at which websockets are opened. */
export const socketRoutes = (ports: ChannelPorts): readonly Route[] => [
  ...["/channel/websocket", "/channel"].map((path) =>
    socketRoute({ path, doc: channelDoc, socket: (request) => new ChannelSession(ports, request) }),
  ),
  socketRoute({
    path: "/:pid#/channel/:stream?",
    doc: processDoc,
    socket: (request) => {
      const { mode = 3, ...given } = readQuery(request.query, processQuery);
      return new ProcessChannel(ports, {
        caller: request.caller,
        authenticate: request.authenticate,
        pid: pidOf(request),
        stream: request.params["stream"],
        isReading: (mode & 1) !== 0,
        isWriting: (mode & 2) !== 0,
        binary: given.binary,
      });
    },
  }),
  socketRoute({
    path: "/wstreams/:pid",
    doc: streamDoc,
    socket: ({ caller, authenticate, query, params }) =>
      new StreamSocket(ports, {
        caller,
        authenticate,
        id: params["pid"] ?? "",
        binary: readQuery(query, streamQuery).binary,
      }),
  }),
];
