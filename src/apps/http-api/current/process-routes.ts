import { pids } from "../../control/job-commands.ts";
import { kill, processInfo, processStats, send, stopProcess } from "../../control/process-commands.ts";
import { commandRoute, type ControlRoute } from "../command-route.ts";

const input = { method: "POST", command: send, body: { bytes: "data" } } as const;

/** Routes of processes; a path is the number of a process only if it is all digits. */
export const processRoutes: readonly ControlRoute[] = [
  commandRoute({ method: "GET", path: "/pids", command: pids }),
  commandRoute({ method: "GET", path: "/:pid#", command: processInfo }),
  commandRoute({ method: "DELETE", path: "/:pid#", query: ["scale_down"], command: stopProcess, status: 202 }),
  commandRoute({ method: "POST", path: "/:pid#/signal", command: kill, body: "fields", status: 202 }),
  commandRoute({ method: "GET", path: "/:pid#/stats", command: processStats }),
  commandRoute({ ...input, path: "/streams/:pid#/stdin" }),
  // The name that gaffer 0.4's documents give it.
  commandRoute({ ...input, path: "/streams/:pid#/ttin" }),
  commandRoute({ ...input, path: "/streams/:pid#/:stream" }),
];
