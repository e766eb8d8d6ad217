import { Type } from "@sinclair/typebox";
import { GafferError } from "../../../base/gaffer-error.ts";
import { readText } from "../../../server/request-body.ts";
import type { RouteDoc } from "../../../server/route.ts";
import { fields } from "../../control/arguments.ts";
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
import { okResult } from "../../control/results.ts";
import { type CommandRoute, commandRoute, type ControlRoute, wait, withReport } from "../command-route.ts";

/** The state as gaffer 0.5 tells it: `1` or `0`. */
const stateText: CommandRoute["reply"] = {
  make: (body) => new Response(body["active"] === true ? "1" : "0"),
  doc: { contentTypes: ["text/plain"], answer: Type.Union([Type.Literal("1"), Type.Literal("0")]) },
};

/** What each state that can be asked for does; 3 is ours. */
const transitions: ReadonlyMap<string, Command> = new Map([
  ["0", stopJob],
  ["1", startJob],
  ["2", reload],
  ["3", restartJob],
]);

const stateDoc: RouteDoc = {
  summary: "Start a job (1), stop it (0), replace all its processes (2), or one after the other (3)",
  access: "manage of what is named",
  query: fields({ wait }),
  body: { contentType: "text/plain", schema: Type.Union([...transitions.keys()].map((state) => Type.Literal(state))) },
  status: 202,
  answer: withReport(okResult),
};

const postState: ControlRoute = (control) => ({
  method: "POST",
  path: "/jobs/:session/:job/state",
  doc: stateDoc,
  handle: async (request) => {
    const state = (await readText(request.raw)).trim().replace(/^"(.*)"$/, "$1");
    const command = transitions.get(state);
    if (command === undefined) {
      const ways = "1 starts, 0 stops, 2 reloads, 3 restarts one after the other";
      throw new GafferError("bad_request", `Cannot change the state to ${JSON.stringify(state.slice(0, 80))}: ${ways}`);
    }
    return commandRoute({ method: "POST", path: "", command, status: 202 })(control).handle(request);
  },
});

const job = "/jobs/:session/:job";

/** Routes of sessions and jobs. @see gaffer 0.5 `gaffer/gafferd/http.py` */
export const jobRoutes: readonly ControlRoute[] = [
  commandRoute({ method: "GET", path: "/sessions", command: sessions }),
  commandRoute({ method: "PUT", path: "/sessions/:session", command: applySession, body: "fields" }),
  commandRoute({ method: "DELETE", path: "/sessions/:session", command: unloadSession }),
  commandRoute({ method: "GET", path: "/jobs", query: ["full"], command: jobs }),
  commandRoute({ method: "GET", path: "/jobs/:session", command: sessionJobs }),
  commandRoute({ method: "POST", path: "/jobs/:session", command: load, body: { json: "job" } }),
  commandRoute({ method: "GET", path: job, command: info }),
  commandRoute({ method: "PUT", path: job, command: update, body: { json: "job" }, status: 201 }),
  commandRoute({ method: "DELETE", path: job, command: unload }),
  commandRoute({ method: "GET", path: `${job}/stats`, command: stats }),
  commandRoute({ method: "GET", path: `${job}/numprocesses`, command: numprocesses }),
  commandRoute({ method: "POST", path: `${job}/numprocesses`, command: scale, body: "fields" }),
  commandRoute({ method: "GET", path: `${job}/pids`, command: pids }),
  commandRoute({ method: "POST", path: `${job}/signal`, command: killall, body: "fields", status: 202 }),
  commandRoute({ method: "GET", path: `${job}/state`, command: info, reply: stateText }),
  postState,
  commandRoute({ method: "POST", path: `${job}/commit`, command: commit, body: "optional-fields" }),
];
