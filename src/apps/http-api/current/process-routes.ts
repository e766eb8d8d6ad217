import { pids } from "../../control/job-commands.ts";
import { kill, processInfo, processStats, stopProcess } from "../../control/process-commands.ts";
import { commandRoute, type ControlRoute } from "../command-route.ts";

/** Routes of processes; a path is the number of a process only if it is all digits. */
export const processRoutes: readonly ControlRoute[] = [
  commandRoute({ method: "GET", path: "/pids", command: pids }),
  commandRoute({ method: "GET", path: "/:pid#", command: processInfo }),
  commandRoute({ method: "DELETE", path: "/:pid#", query: ["scale_down"], command: stopProcess, status: 202 }),
  commandRoute({ method: "POST", path: "/:pid#/signal", command: kill, body: "fields", status: 202 }),
  commandRoute({ method: "GET", path: "/:pid#/stats", command: processStats }),
];
