import type { Route } from "../../../server/route.ts";
import { groupRoutes } from "./group-routes.ts";
import { legacyErrors } from "./legacy-errors.ts";
import { numberedRoutes } from "./numbered-routes.ts";
import { type StatsPorts, statsRoutes } from "./stats-routes.ts";
import { inputRoutes, streamRoute } from "./stream-routes.ts";
import { templateRoutes } from "./template-routes.ts";
import { watchRoutes } from "./watch-routes.ts";

/** Every route of gaffer 0.4, on the commands of today. */
export function legacyRoutes(ports: StatsPorts): readonly Route[] {
  const commands = [...templateRoutes, ...numberedRoutes, ...groupRoutes, ...inputRoutes];
  const routes = [
    ...commands.map((route) => route(ports.control)),
    streamRoute(ports),
    ...watchRoutes(ports),
    ...statsRoutes(ports),
  ];
  return routes.map(legacyErrors);
}
