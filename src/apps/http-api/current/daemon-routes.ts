import { Type } from "@sinclair/typebox";
import type { Route, RouteDoc } from "../../../server/route.ts";
import { plugins, shutdown } from "../../control/daemon-commands.ts";
import { commandRoute, type ControlRoute } from "../command-route.ts";

const greeting = (doc: Omit<RouteDoc, "access">): Pick<Route, "method" | "open" | "doc"> => ({
  method: "GET",
  open: true,
  doc: { ...doc, access: "none" },
});
const text = Type.String();

/** Says who answers here. @param version - of this gaffer */
export const greetingRoutes = (version: string): readonly Route[] => [
  {
    ...greeting({ summary: "Tell who answers here", answer: Type.Object({ welcome: text, version: text }) }),
    path: "/",
    handle: () => Response.json({ welcome: "gaffer", version }),
  },
  {
    ...greeting({ summary: "Tell that somebody answers", contentTypes: ["text/plain"], answer: Type.Literal("OK") }),
    path: "/ping",
    handle: () => new Response("OK"),
  },
  {
    ...greeting({ summary: "Tell the version", answer: Type.Object({ name: text, version: text }) }),
    path: "/version",
    handle: () => Response.json({ name: "gaffer", version }),
  },
];

/** Routes of the daemon itself. */
export const daemonRoutes: readonly ControlRoute[] = [
  commandRoute({ method: "GET", path: "/plugins", command: plugins }),
  commandRoute({ method: "POST", path: "/shutdown", command: shutdown, status: 202 }),
];
