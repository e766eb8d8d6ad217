import { permit } from "../../base/caller.ts";
import { GafferError } from "../../base/gaffer-error.ts";
import type { Route, RouteRequest } from "../../server/route.ts";
import { openApiDocument } from "../http-api/openapi.ts";
import type { PluginRecord } from "./plugin-record.ts";

const methods: readonly string[] = ["GET", "POST", "PUT", "DELETE"];

/** The routes of a plugin as they are served: what one of them throws stays with the plugin. */
export function pluginRoutes(record: PluginRecord, routes: readonly Route[]): readonly Route[] {
  if (!Array.isArray(routes)) throw new Error("its routes() gave no list");
  const served = routes.map((route): Route => {
    checkRoute(route);
    const { method, path, open = false, endless = false, doc } = route;
    const about = doc === undefined ? {} : { doc };
    return { method, path, open, endless, ...about, handle: (request) => answer(record, route, request) };
  });
  // What can't be described would take the document of the whole API with it.
  JSON.stringify(openApiDocument(served, { version: "", isKeyed: true }));
  return served;
}

function checkRoute(route: unknown): void {
  if (typeof route !== "object" || route === null) throw new Error("its routes() gave something that is no route");
  const [method, path, handle] = ["method", "path", "handle"].map((name) => Reflect.get(route, name));
  const isRight = methods.includes(String(method)) && typeof path === "string" && path.startsWith("/");
  if (isRight && typeof handle === "function") return;
  throw new Error(
    `its route ${String(method)} ${String(path)} is none: it takes a method (${methods.join(", ")}), a path with / and handle()`,
  );
}

async function answer(record: PluginRecord, route: Route, request: RouteRequest): Promise<Response> {
  const what = `${route.method} ${route.path}`;
  const [action, who] = [`Cannot ${what}`, JSON.stringify(record.name)];
  if (route.open !== true) permit(request.caller, { permission: "manage", what });
  if (record.state !== "running") throw new GafferError("plugin_down", `${action}: plugin ${who} is ${record.state}`);
  try {
    const response: unknown = await route.handle(request);
    if (response instanceof Response) return response;
    throw new Error("it answered with no Response");
  } catch (error) {
    if (error instanceof GafferError && error.status > 0) throw error;
    record.note(`in ${what}`, error);
    throw new GafferError("plugin_failed", `${action}: plugin ${who} failed; the daemon's log says more`);
  }
}
