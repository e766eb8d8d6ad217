import { Type } from "@sinclair/typebox";
import { readQuery } from "../../../server/query.ts";
import type { RouteDoc, RouteRequest } from "../../../server/route.ts";
import { fields } from "../../control/arguments.ts";
import type { Outcome } from "../../control/command.ts";
import {
  info,
  jobs,
  killall,
  load,
  pids,
  restartJob,
  scale,
  startJob,
  stopJob,
  unload,
  update,
} from "../../control/job-commands.ts";
import { okResult, pidsResult, scaleResult } from "../../control/results.ts";
import { type CommandRoute, commandRoute, type ControlRoute, withReport } from "../command-route.ts";
import { legacyName, legacyNames } from "./legacy-name.ts";

type Body = Outcome["body"];

/** The answer with `ok`, which gaffer 0.4 said wherever something was done. */
const withOk = (body: Body): Response => Response.json({ ok: true, ...body });

/** A job as gaffer 0.4 gave it: its settings, under the name it was known by. */
export const template: NonNullable<CommandRoute["reply"]> = {
  make: ({ name, config }) => Response.json({ ...Object(config), name: legacyName(String(name)) }),
  doc: {
    answer: Type.Intersect([
      Type.Object({ name: Type.String(), cmd: Type.String() }),
      Type.Record(Type.String(), Type.Unknown()),
    ]),
  },
};

/** How a job stands; `max_processes` is what gaffer 0.4 answered, `numprocesses` what it promised. */
const status: CommandRoute["reply"] = {
  make: ({ active, running, max_processes: wanted }) =>
    Response.json({ active, running, max_processes: wanted, numprocesses: wanted }),
  doc: {
    answer: Type.Object({
      active: Type.Boolean({ description: "Whether it should run" }),
      running: Type.Integer(),
      max_processes: Type.Integer({ description: "How many it should have" }),
      numprocesses: Type.Integer({ description: "The same" }),
    }),
  },
};

const scaled: CommandRoute["reply"] = {
  make: withOk,
  doc: {
    answer: withReport(Type.Intersect([okResult, scaleResult])),
  },
};

const numbers: CommandRoute["reply"] = {
  make: withOk,
  doc: {
    answer: withReport(Type.Intersect([okResult, pidsResult])),
  },
};

const listQuery = fields({
  running: Type.Optional(Type.Boolean({ description: "it is 1 for the numbers of what runs, 0 for the names" })),
});

const listDoc: RouteDoc = {
  summary: "Names of all jobs, or with running the numbers of all processes",
  access: "manage of everything",
  query: listQuery,
  answer: Type.Union([Type.Array(Type.String()), Type.Array(Type.Integer())]),
};

const list: ControlRoute = (control) => ({
  method: "GET",
  path: "/processes",
  doc: listDoc,
  handle: async ({ query, caller }) => {
    const { running = false } = readQuery(query, listQuery);
    const { body } = await control.execute(running ? pids : jobs, {}, caller);
    return Response.json(running ? body["pids"] : legacyNames(body["jobs"]));
  },
});

const name = "/processes/:name";

/** So many more or fewer; one, if the path does not say. */
const by =
  (sign: "+" | "-") =>
  ({ params }: RouteRequest): { scale: string } => ({ scale: `${sign}${params["scale"] ?? "1"}` });

/** Routes of what gaffer 0.4 called process templates: jobs. @see gaffer 0.4 `gaffer/http/processes.py`, `status.py` */
export const templateRoutes: readonly ControlRoute[] = [
  list,
  commandRoute({ method: "POST", path: "/processes", command: load, body: { json: "job" } }),
  commandRoute({ method: "GET", path: name, command: info, reply: template }),
  commandRoute({ method: "PUT", path: name, command: update, body: { json: "job" } }),
  commandRoute({ method: "DELETE", path: name, command: unload }),
  commandRoute({ method: "GET", path: `${name}/_pids`, command: pids, reply: numbers }),
  commandRoute({ method: "POST", path: `${name}/_start`, command: startJob }),
  commandRoute({ method: "POST", path: `${name}/_stop`, command: stopJob }),
  commandRoute({ method: "POST", path: `${name}/_restart`, command: restartJob }),
  commandRoute({ method: "POST", path: `${name}/_add/:scale?`, command: scale, args: by("+"), reply: scaled }),
  commandRoute({ method: "POST", path: `${name}/_sub/:scale?`, command: scale, args: by("-"), reply: scaled }),
  commandRoute({ method: "POST", path: `${name}/_signal/:signal`, command: killall }),
  commandRoute({ method: "GET", path: "/status/:name", command: info, reply: status }),
];
