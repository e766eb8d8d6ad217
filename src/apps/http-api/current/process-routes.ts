import { readBody } from "../../../server/request-body.ts";
import type { RouteRequest } from "../../../server/route.ts";
import { pids } from "../../control/job-commands.ts";
import { kill, processInfo, processStats, send, stopProcess } from "../../control/process-commands.ts";
import { commandRoute, type ControlRoute } from "../command-route.ts";
import { besidePath, bodyFields, flagOf, pidOf } from "../request-fields.ts";

const byPid = (request: RouteRequest): unknown => ({ pid: pidOf(request) });
const writeInput = async (request: RouteRequest): Promise<unknown> => ({
  pid: pidOf(request),
  data: await readBody(request.raw),
});

/** Routes of processes; a path is the number of a process only if it is all digits. */
export const processRoutes: readonly ControlRoute[] = [
  commandRoute({ method: "GET", path: "/pids", command: pids, args: () => ({}) }),
  commandRoute({ method: "GET", path: "/:pid#", command: processInfo, args: byPid }),
  commandRoute({
    method: "DELETE",
    path: "/:pid#",
    query: ["scale_down"],
    command: stopProcess,
    args: (request) => ({ pid: pidOf(request), scale_down: flagOf(request.query, "scale_down") }),
    status: 202,
  }),
  commandRoute({
    method: "POST",
    path: "/:pid#/signal",
    command: kill,
    args: async (request) => besidePath({ pid: pidOf(request) }, await bodyFields(request)),
    status: 202,
  }),
  commandRoute({ method: "GET", path: "/:pid#/stats", command: processStats, args: byPid }),
  commandRoute({ method: "POST", path: "/streams/:pid#/stdin", command: send, args: writeInput }),
  // The name that gaffer 0.4's documents give it.
  commandRoute({ method: "POST", path: "/streams/:pid#/ttin", command: send, args: writeInput }),
  commandRoute({
    method: "POST",
    path: "/streams/:pid#/:stream",
    command: send,
    args: async (request) => ({
      pid: pidOf(request),
      stream: request.params["stream"],
      data: await readBody(request.raw),
    }),
  }),
];
