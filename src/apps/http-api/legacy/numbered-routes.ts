import { info } from "../../control/job-commands.ts";
import { kill, processInfo, stopProcess } from "../../control/process-commands.ts";
import { commandRoute, type ControlRoute } from "../command-route.ts";
import { pidOf } from "../request-fields.ts";
import { template } from "./template-routes.ts";

/** A process's number gives the settings of its job. */
const templateOf: ControlRoute = (control) => ({
  method: "GET",
  path: "/processes/:pid#",
  doc: { summary: "Settings of the job of a process", access: "read of what is named", ...template.doc },
  handle: async (request) => {
    const { body } = await control.execute(processInfo, { pid: pidOf(request) }, request.caller);
    const outcome = await control.execute(info, { name: body["name"] }, request.caller);
    return template.make(outcome.body);
  },
});

/** Routes of one process by its number. @see gaffer 0.4 `gaffer/http/processes.py` */
export const numberedRoutes: readonly ControlRoute[] = [
  templateOf,
  commandRoute({ method: "DELETE", path: "/processes/:pid#", command: stopProcess }),
  commandRoute({ method: "POST", path: "/processes/:pid#/_stop", command: stopProcess }),
  commandRoute({ method: "POST", path: "/processes/:pid#/_signal/:signal", command: kill }),
];
