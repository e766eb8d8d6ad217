import { type TOptional, type TString, type TUnion, Type } from "@sinclair/typebox";
import type { Account } from "../../access/accounts.ts";
import { USER_TYPES } from "../../access/user-store.ts";
import { permit } from "../../base/caller.ts";
import { GafferError } from "../../base/gaffer-error.ts";
import type { UserBody } from "../../wire/key-body.ts";
import { fields } from "./arguments.ts";
import { type Command, type CommandPorts, defineCommand } from "./command.ts";
import { accessOf } from "./key-commands.ts";
import { namedKey, permitAdministration } from "./key-rules.ts";
import { loginResult, newUserResult, okResult, userResult, usersResult } from "./results.ts";

const username: TString = Type.String({ description: "it must be the name of a user" });
const password: TString = Type.String({ writeOnly: true, description: "it must be a text" });
const key: TString = Type.String({
  writeOnly: true,
  description: "it must be a key, or the id of one that is yours to give",
});
const userType: TOptional<TUnion> = Type.Optional(
  Type.Union([Type.Literal(0), Type.Literal(1)], {
    description: "it must be 0, an administrator, or 1, an application",
  }),
);
/** What else is said of a user stands beside the rest, as in gaffer 0.5. */
const userBody = ({ username: name, userType: type, key: keyId, extra }: Account): UserBody => ({
  ...extra,
  username: name,
  user_type: type,
  key: keyId ?? null,
});

/** Refuses a user to whom it is none of their business. */
function permitUser(ports: CommandPorts, user: Account, what: string): void {
  const { keyId } = ports.caller;
  const { accounts, keyring } = accessOf(ports);
  if (keyId !== undefined && accounts.isOwn(user.username, keyId)) return;
  permit(ports.caller, { permission: user.userType === USER_TYPES.admin ? "admin" : "create_user", what });
  // Who sets a password can log in with it.
  const own = user.key === undefined ? undefined : keyring.find(user.key);
  if (own !== undefined) permitAdministration(ports.caller, own.permissions, what);
}

/** The user of a name; whoever may not know of others does not learn which there are either. */
function userOf(ports: CommandPorts, name: string, what: string): Account {
  try {
    const user = accessOf(ports).accounts.get(name);
    permitUser(ports, user, what);
    return user;
  } catch (error) {
    permit(ports.caller, { permission: "create_user", what });
    throw error;
  }
}

/** The user whose password it is. @throws {@link GafferError} `unauthorized` if there is no such user, or the password is another */
async function verified(ports: CommandPorts, { username: name, password: secret }: Credentials): Promise<Account> {
  const { accounts } = accessOf(ports);
  if (name === undefined || secret === undefined) {
    throw unauthorized("name and password are sent by basic authentication");
  }
  const user = await accounts.authenticate(name, secret);
  if (user !== undefined) return user;
  throw unauthorized("user or password is wrong");
}

/** What somebody logs in with. */
export interface Credentials {
  readonly username?: string;
  readonly password?: string;
}

/** Name and password; without them it is said how they are sent. */
const credentials = fields({ username: Type.Optional(username), password: Type.Optional(password) });

const unauthorized = (fact: string): GafferError =>
  new GafferError("unauthorized", `Cannot log in: ${fact}`, { details: { scheme: "Basic" } });

/** Logs in. */
export const login: Command = defineCommand({
  name: "login",
  summary: "Log in by name and password (basic authentication) and get a key",
  permission: "none",
  args: credentials,
  result: loginResult,
  run: async (ports, given) => {
    const { accounts } = accessOf(ports);
    const { key: made, record } = accounts.login(await verified(ports, given));
    return { body: { api_key: made, key: record.id } };
  },
});

/** Looks whether a login would succeed, and gives no key. */
export const verifyLogin: Command = defineCommand({
  name: "verify_login",
  summary: "Tell whether name and password are right",
  permission: "none",
  args: credentials,
  result: okResult,
  run: async (ports, given) => {
    await verified(ports, given);
    return { body: { ok: true } };
  },
});

/** Names of all users; what is known of each, if that was asked for. */
export const users: Command = defineCommand({
  name: "users",
  summary: "Names of all users; with include_user, what is known of each",
  permission: "admin",
  args: fields({ include_user: Type.Optional(Type.Boolean()) }),
  result: usersResult,
  run: (ports, { include_user: isWhole = false }) => {
    const all = accessOf(ports).accounts.all();
    return { body: { users: isWhole ? all.map(userBody) : all.map((user) => user.username) } };
  },
});

/** Any other field is kept as it is. */
const userFields = Type.Object(
  { username, password, user_type: userType, key: Type.Optional(key) },
  { additionalProperties: true },
);

/** Takes a user in. */
export const createUser: Command = defineCommand({
  name: "create_user",
  summary: "Make a user",
  permission: "create_user",
  args: userFields,
  result: newUserResult,
  run: async (ports, { username: name, password: secret, user_type: type = 1, key: given, ...extra }) => {
    const { caller } = ports;
    const access = accessOf(ports);
    if (type === 0) permit(caller, { permission: "admin", what: "make an administrator" });
    const wish = {
      password: secret,
      userType: type === 0 ? USER_TYPES.admin : USER_TYPES.app,
      key: given === undefined ? undefined : namedKey(access, caller, given).id,
      extra,
    };
    return { body: { ...userBody(await access.accounts.create(name, wish)), ok: true } };
  },
});

/** What is known of a user. */
export const userInfo: Command = defineCommand({
  name: "user_info",
  summary: "Tell what is known of a user, but for the password",
  permission: "own",
  args: fields({ username }),
  result: userResult,
  run: (ports, { username: name }) => ({ body: { ...userBody(userOf(ports, name, "tell of the user")) } }),
});

/** Changes a user. */
export const updateUser: Command = defineCommand({
  name: "update_user",
  summary: "Change a user: the password, and what else is given",
  permission: "own",
  args: userFields,
  result: okResult,
  run: async (ports, { username: name, password: secret, user_type: type, key: given, ...extra }) => {
    const { caller } = ports;
    const access = accessOf(ports);
    const user = userOf(ports, name, "change the user");
    const wanted = type === undefined ? user.userType : type === 0 ? USER_TYPES.admin : USER_TYPES.app;
    if (wanted !== user.userType) permit(caller, { permission: "admin", what: "change the type of a user" });
    await access.accounts.update(name, {
      password: secret,
      userType: wanted,
      key: given === undefined ? user.key : namedKey(access, caller, given).id,
      extra: { ...user.extra, ...extra },
    });
    return { body: { ok: true } };
  },
});

/** Gives a user another password. */
export const setPassword: Command = defineCommand({
  name: "set_password",
  summary: "Give a user another password",
  permission: "own",
  args: fields({ username, password }),
  result: okResult,
  run: async (ports, { username: name, password: secret }) => {
    userOf(ports, name, "change the password");
    await accessOf(ports).accounts.setPassword(name, secret);
    return { body: { ok: true } };
  },
});

/** Gives a user another key. */
export const setKey: Command = defineCommand({
  name: "set_key",
  summary: "Give a user a key, which is what a login leads to",
  permission: "own",
  args: fields({ username, key }),
  result: okResult,
  run: (ports, { username: name, key: given }) => {
    userOf(ports, name, "change the key of the user");
    const access = accessOf(ports);
    access.accounts.setKey(name, namedKey(access, ports.caller, given).id);
    return { body: { ok: true } };
  },
});

/** Takes a user away. */
export const deleteUser: Command = defineCommand({
  name: "delete_user",
  summary: "Take a user away; the keys stay",
  permission: "own",
  args: fields({ username }),
  result: okResult,
  run: (ports, { username: name }) => {
    userOf(ports, name, "take away the user");
    accessOf(ports).accounts.delete(name);
    return { body: { ok: true } };
  },
});

/** Name and password of `Authorization: Basic …`; none if there is no such header. @see RFC 7617 */
export function basicOf(headers: Headers): Credentials {
  const [, encoded] = /^Basic +([A-Za-z0-9+/=]+) *$/i.exec(headers.get("authorization") ?? "") ?? [];
  const text = Buffer.from(encoded ?? "", "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon > 0 ? { username: text.slice(0, colon), password: text.slice(colon + 1) } : {};
}
