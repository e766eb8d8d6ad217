import { Type } from "@sinclair/typebox";
import {
  restartSession,
  sessionJobs,
  sessions,
  startSession,
  stopSession,
  unloadSession,
} from "../../control/session-commands.ts";
import { commandRoute, type ControlRoute } from "../command-route.ts";
import { legacyNames } from "./legacy-name.ts";

const texts = { answer: Type.Array(Type.String()) };
const group = "/groups/:session";

/** Routes of what gaffer 0.4 called groups: sessions. @see gaffer 0.4 `gaffer/http/groups.py` */
export const groupRoutes: readonly ControlRoute[] = [
  commandRoute({
    method: "GET",
    path: "/groups",
    command: sessions,
    reply: { make: (body) => Response.json(body["sessions"]), doc: texts },
  }),
  commandRoute({
    method: "GET",
    path: group,
    command: sessionJobs,
    reply: { make: (body) => Response.json(legacyNames(body["jobs"])), doc: texts },
  }),
  commandRoute({ method: "DELETE", path: group, command: unloadSession }),
  commandRoute({ method: "POST", path: `${group}/_start`, command: startSession }),
  commandRoute({ method: "POST", path: `${group}/_stop`, command: stopSession }),
  commandRoute({ method: "POST", path: `${group}/_restart`, command: restartSession }),
];
