import type { Route } from "../../../server/route.ts";
import { shutdown } from "../../control/daemon-commands.ts";
import { commandRoute, type ControlRoute } from "../command-route.ts";

/** Says who answers here. @param version - of this gaffer */
export const greetingRoutes = (version: string): readonly Route[] => [
  { method: "GET", path: "/", handle: () => Response.json({ welcome: "gaffer", version }) },
  { method: "GET", path: "/ping", handle: () => new Response("OK") },
  { method: "GET", path: "/version", handle: () => Response.json({ name: "gaffer", version }) },
];

/** Routes of the daemon itself. */
export const daemonRoutes: readonly ControlRoute[] = [
  commandRoute({ method: "POST", path: "/shutdown", command: shutdown, args: () => ({}), status: 202 }),
];
