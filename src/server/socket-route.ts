import { GafferError } from "../base/gaffer-error.ts";
import type { Route, RouteRequest } from "./route.ts";
import type { SocketSession } from "./socket.ts";

/** A path at which a websocket is opened. */
export interface SocketRoute {
  /** As {@link Route.path}. */
  readonly path: string;
  /** Makes what will happen on it; what it throws is answered in place of the handshake. */
  readonly socket: (request: RouteRequest) => SocketSession;
}

/** A route whose answer is a websocket; whoever asks for anything else is told so by 426. */
export const socketRoute = ({ path, socket }: SocketRoute): Route => ({
  method: "GET",
  path,
  socket,
  handle: () => {
    throw new GafferError("upgrade_required", "Cannot answer this way: the path is a websocket, to be opened by one");
  },
});
