import { GafferError } from "../base/gaffer-error.ts";
import type { Route, RouteDoc, RouteRequest } from "./route.ts";
import type { SocketSession } from "./socket.ts";

/** A path at which a websocket is opened. */
export interface SocketRoute {
  /** As {@link Route.path}. */
  readonly path: string;
  readonly doc: Omit<RouteDoc, "status" | "contentTypes" | "answer">;
  /** Makes what will happen on it; what it throws is answered in place of the handshake. */
  readonly socket: (request: RouteRequest) => SocketSession;
}

/**
 * A route whose answer is a websocket; whoever asks for anything else is told so by 426. It is open: a browser can't send a key with the
 * handshake, so the session itself must ask for one.
 */
export const socketRoute = ({ path, doc, socket }: SocketRoute): Route => ({
  method: "GET",
  path,
  open: true,
  doc: { ...doc, status: 101, contentTypes: [] },
  socket,
  handle: () => {
    throw new GafferError("upgrade_required", "Cannot answer this way: the path is a websocket, to be opened by one");
  },
});
