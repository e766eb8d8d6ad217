import { readQuery } from "../../../server/query.ts";
import type { Route } from "../../../server/route.ts";
import { fields } from "../../control/arguments.ts";
import { createKey, deleteKey, keyInfo, keys } from "../../control/key-commands.ts";
import { loginResult } from "../../control/results.ts";
import {
  basicOf,
  createUser,
  deleteUser,
  login,
  setKey,
  setPassword,
  updateUser,
  userInfo,
  users,
  verifyLogin,
} from "../../control/user-commands.ts";
import { type CommandRoute, commandRoute, type ControlRoute } from "../command-route.ts";

/** A new key is said in a header, too, with the place where it is told of. */
const newKey: CommandRoute["reply"] = {
  make: (body) =>
    Response.json(body, {
      headers: {
        "x-api-key": String(body["api_key"]),
        location: `/keys/${String(body["key"])}`,
        "cache-control": "no-store",
      },
    }),
  doc: {},
};

const noParameters = fields({});

/** Logs in; HEAD only asks whether that would be so. */
const auth: ControlRoute = (control): Route => ({
  method: "GET",
  path: "/auth",
  open: true,
  doc: {
    summary: login.summary,
    access: "name and password of a user",
    password: true,
    query: noParameters,
    answer: loginResult,
  },
  handle: async ({ raw, caller, query }) => {
    readQuery(query, noParameters);
    const command = raw.method === "HEAD" ? verifyLogin : login;
    const { body } = await control.execute(command, basicOf(raw.headers), caller);
    const key = body["api_key"];
    const headers = { "cache-control": "no-store", ...(typeof key === "string" ? { "x-api-key": key } : {}) };
    return Response.json(body, { headers });
  },
});

const [key, user] = ["/keys/:key", "/users/:username"];

/** Routes of keys and users. @see gaffer 0.5 `gaffer/gafferd/http.py` */
export const keyRoutes: readonly ControlRoute[] = [
  auth,
  commandRoute({ method: "GET", path: "/keys", query: ["include_keys"], command: keys }),
  commandRoute({ method: "POST", path: "/keys", command: createKey, body: "fields", reply: newKey }),
  commandRoute({ method: "GET", path: key, query: ["include_keys"], command: keyInfo }),
  commandRoute({ method: "DELETE", path: key, command: deleteKey }),
  commandRoute({ method: "GET", path: "/users", query: ["include_user"], command: users }),
  commandRoute({ method: "POST", path: "/users", command: createUser, body: "fields" }),
  commandRoute({ method: "GET", path: user, command: userInfo }),
  commandRoute({ method: "PUT", path: user, command: updateUser, body: "fields" }),
  commandRoute({ method: "DELETE", path: user, command: deleteUser }),
  commandRoute({ method: "PUT", path: `${user}/password`, command: setPassword, body: "fields" }),
  commandRoute({ method: "PUT", path: `${user}/key`, command: setKey, body: "fields" }),
];
