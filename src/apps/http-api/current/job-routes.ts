import { GafferError } from "../../../base/gaffer-error.ts";
import { readText } from "../../../server/request-body.ts";
import type { RouteRequest } from "../../../server/route.ts";
import type { Command } from "../../control/command.ts";
import {
  commit,
  info,
  jobs,
  killall,
  load,
  numprocesses,
  pids,
  reload,
  restartJob,
  scale,
  startJob,
  stats,
  stopJob,
  unload,
  update,
} from "../../control/job-commands.ts";
import { applySession, sessionJobs, sessions, unloadSession } from "../../control/session-commands.ts";
import { commandRoute, type ControlRoute } from "../command-route.ts";
import { besidePath, bodyFields, flagOf, jobOf, optionalBodyFields } from "../request-fields.ts";

const sessionOf = ({ params }: RouteRequest): string => params["session"] ?? "";
const byJob = (request: RouteRequest): unknown => ({ name: jobOf(request) });

const stateText = (body: Readonly<Record<string, unknown>>): Response =>
  new Response(body["active"] === true ? "1" : "0");

/** What each state that can be asked for does; 3 is ours. */
const transitions: ReadonlyMap<string, Command> = new Map([
  ["0", stopJob],
  ["1", startJob],
  ["2", reload],
  ["3", restartJob],
]);

const postState: ControlRoute = (control) => ({
  method: "POST",
  path: "/jobs/:session/:job/state",
  handle: async (request) => {
    const state = (await readText(request.raw)).trim().replace(/^"(.*)"$/, "$1");
    const command = transitions.get(state);
    if (command === undefined) {
      const ways = "1 starts, 0 stops, 2 reloads, 3 restarts one after the other";
      throw new GafferError("bad_request", `Cannot change the state to ${JSON.stringify(state.slice(0, 80))}: ${ways}`);
    }
    const route = commandRoute({ method: "POST", path: "", command, args: byJob, status: 202 });
    return route(control).handle(request);
  },
});

/** Routes of sessions and jobs. @see gaffer 0.5 `gaffer/gafferd/http.py` */
export const jobRoutes: readonly ControlRoute[] = [
  commandRoute({ method: "GET", path: "/sessions", command: sessions, args: () => ({}) }),
  commandRoute({
    method: "PUT",
    path: "/sessions/:session",
    command: applySession,
    args: async (request) => besidePath({ session: sessionOf(request) }, await bodyFields(request)),
  }),
  commandRoute({
    method: "DELETE",
    path: "/sessions/:session",
    command: unloadSession,
    args: (request) => ({ session: sessionOf(request) }),
  }),
  commandRoute({
    method: "GET",
    path: "/jobs",
    query: ["full"],
    command: jobs,
    args: ({ query }) => ({ full: flagOf(query, "full") }),
  }),
  commandRoute({
    method: "GET",
    path: "/jobs/:session",
    command: sessionJobs,
    args: (request) => ({ session: sessionOf(request) }),
  }),
  commandRoute({
    method: "POST",
    path: "/jobs/:session",
    command: load,
    args: async (request) => ({ session: sessionOf(request), job: await bodyFields(request) }),
  }),
  commandRoute({ method: "GET", path: "/jobs/:session/:job", command: info, args: byJob }),
  commandRoute({
    method: "PUT",
    path: "/jobs/:session/:job",
    command: update,
    args: async (request) => ({ name: jobOf(request), job: await bodyFields(request) }),
    status: 201,
  }),
  commandRoute({ method: "DELETE", path: "/jobs/:session/:job", command: unload, args: byJob }),
  commandRoute({ method: "GET", path: "/jobs/:session/:job/stats", command: stats, args: byJob }),
  commandRoute({ method: "GET", path: "/jobs/:session/:job/numprocesses", command: numprocesses, args: byJob }),
  commandRoute({
    method: "POST",
    path: "/jobs/:session/:job/numprocesses",
    command: scale,
    args: async (request) => besidePath({ name: jobOf(request) }, await bodyFields(request)),
  }),
  commandRoute({ method: "GET", path: "/jobs/:session/:job/pids", command: pids, args: byJob }),
  commandRoute({
    method: "POST",
    path: "/jobs/:session/:job/signal",
    command: killall,
    args: async (request) => besidePath({ name: jobOf(request) }, await bodyFields(request)),
    status: 202,
  }),
  commandRoute({ method: "GET", path: "/jobs/:session/:job/state", command: info, args: byJob, reply: stateText }),
  postState,
  commandRoute({
    method: "POST",
    path: "/jobs/:session/:job/commit",
    command: commit,
    args: async (request) => besidePath({ name: jobOf(request) }, await optionalBodyFields(request)),
  }),
];
