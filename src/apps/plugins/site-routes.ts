import { GafferError } from "../../base/gaffer-error.ts";
import type { Route, RouteDoc, RouteRequest } from "../../server/route.ts";
import { findPlugin } from "./plugin-folders.ts";
import { answerFile } from "./site-answer.ts";
import { findSiteFile } from "./site-file.ts";

const access = "none";
const fileDoc: RouteDoc = { summary: "A file of a plugin's site", access, contentTypes: ["*/*"] };
const bareDoc: RouteDoc = { summary: "Where a plugin's site begins", access, status: 308, contentTypes: [] };

/**
 * Routes of the sites: `/_plugin/NAME/…`. A site is looked for when it is asked for, so one that is put there is there.
 *
 * @param dirs - folders that hold plugins; the earlier goes first.
 */
export const siteRoutes = (dirs: readonly string[]): readonly Route[] => [
  { method: "GET", path: "/_plugin/:name", open: true, doc: bareDoc, handle: (request) => answer(dirs, request) },
  { method: "GET", path: "/_plugin/:name/*", open: true, doc: fileDoc, handle: (request) => answer(dirs, request) },
];

/** @throws {@link GafferError} `route_not_found` */
function answer(dirs: readonly string[], { params, query, raw }: RouteRequest): Response {
  const { name = "", "*": path } = params;
  const site = findPlugin(dirs, name)?.site;
  // What a page refers to is looked for beside it, so the address of a folder must end with a slash.
  const isBare = path === undefined;
  const segments = isBare ? [] : path.split("/").map(decodeURIComponent);
  const found = site === undefined || isBare ? undefined : findSiteFile(site, segments);
  if (found?.kind === "file") return answerFile(found, raw);
  if (found?.kind === "folder" || (isBare && site !== undefined)) return withSlash([name, ...segments], query);
  const shown = ["", "_plugin", name, ...segments].map(encodeURIComponent).join("/");
  throw new GafferError("route_not_found", `Cannot ${raw.method} ${shown}: there is no such file of a plugin's site`);
}

function withSlash(segments: readonly string[], query: URLSearchParams): Response {
  const path = segments.map(encodeURIComponent).join("/");
  const search = query.size === 0 ? "" : `?${query.toString()}`;
  return new Response(null, { status: 308, headers: { location: `/_plugin/${path}/${search}` } });
}
