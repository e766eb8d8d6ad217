import { type TOptional, type TSchema, type TString, type TUnion, Type } from "@sinclair/typebox";
import type { Keyring } from "../../access/keyring.ts";
import type { UserRecord } from "../../access/user-store.ts";
import { type Caller, permit } from "../../base/caller.ts";
import { GafferError } from "../../base/gaffer-error.ts";
import type { UserBody } from "../../wire/key-body.ts";
import { fields } from "./arguments.ts";
import { type Command, type CommandPorts, defineCommand } from "./command.ts";
import { keyringOf } from "./key-commands.ts";
import { loginResult, newUserResult, okResult, userResult, usersResult } from "./results.ts";

const username: TString = Type.String({ description: "it must be the name of a user" });
const password: TString = Type.String({ description: "it must be a text" });
const key: TString = Type.String({ description: "it must be a key, or for administrators its id" });
const userType: TOptional<TUnion> = Type.Optional(
  Type.Union([Type.Literal(0), Type.Literal(1)], {
    description: "it must be 0, an administrator, or 1, an application",
  }),
);
const extra: TSchema = Type.Optional(
  Type.Record(Type.String(), Type.Unknown(), { description: "it must be an object" }),
);

const userBody = ({ username: name, userType: type, keyId, extra: more }: UserRecord): UserBody => ({
  username: name,
  user_type: type,
  key: keyId ?? null,
  extra: more,
});

/** Refuses a user to whom it is none of their business. */
function permitUser(ports: CommandPorts, user: UserRecord, what: string): void {
  if (keyringOf(ports).isOwnKey(ports.caller.keyId, user)) return;
  permit(ports.caller, { permission: user.userType === 0 ? "admin" : "create_user", what });
}

/** The user of a name; whoever may not know of others does not learn which there are either. */
function userOf(ports: CommandPorts, name: string, what: string): UserRecord {
  try {
    const user = keyringOf(ports).getUser(name);
    permitUser(ports, user, what);
    return user;
  } catch (error) {
    permit(ports.caller, { permission: "create_user", what });
    throw error;
  }
}

/**
 * The id of the key that a user is to have: to give one away, it must be shown, unless an administrator does it.
 *
 * @throws {@link GafferError} `key_not_found`, `forbidden`
 */
function keyFor(keyring: Keyring, caller: Caller, given: string): string {
  const { id } = keyring.getKey(given);
  if (id === given) permit(caller, { permission: "admin", what: "name a key by its id" });
  return id;
}

/** Logs in. */
export const login: Command = defineCommand({
  name: "login",
  summary: "Log in by name and password (basic authentication) and get a key",
  permission: "none",
  args: fields({ username, password }),
  result: loginResult,
  run: async (ports, { username: name, password: secret }) => {
    const { key: made, record } = await keyringOf(ports).login(name, secret);
    return { body: { api_key: made, key: record.id } };
  },
});

/** Looks whether a login would succeed, and gives no key. */
export const verifyLogin: Command = defineCommand({
  name: "verify_login",
  summary: "Tell whether name and password are right",
  permission: "none",
  args: fields({ username, password }),
  result: okResult,
  run: async (ports, { username: name, password: secret }) => {
    await keyringOf(ports).verify(name, secret);
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
    const all = keyringOf(ports).users;
    return { body: { users: isWhole ? all.map(userBody) : all.map((user) => user.username) } };
  },
});

/** Takes a user in. */
export const createUser: Command = defineCommand({
  name: "create_user",
  summary: "Make a user",
  permission: "create_user",
  args: fields({ username, password, user_type: userType, key: Type.Optional(key), extra: Type.Unsafe<Extra>(extra) }),
  result: newUserResult,
  run: async (ports, { username: name, password: secret, user_type: type = 1, key: given, extra: more = {} }) => {
    const { caller } = ports;
    const keyring = keyringOf(ports);
    if (type === 0) permit(caller, { permission: "admin", what: "make an administrator" });
    const keyId = given === undefined ? undefined : keyFor(keyring, caller, given);
    const made = { username: name, password: secret, userType: type === 0 ? 0 : 1, keyId, extra: more } as const;
    return { body: { ok: true, ...userBody(await keyring.createUser(made)) } };
  },
});

type Extra = Readonly<Record<string, unknown>> | undefined;

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
  args: fields({ username, password, user_type: userType, key: Type.Optional(key), extra: Type.Unsafe<Extra>(extra) }),
  result: okResult,
  run: async (ports, { username: name, password: secret, user_type: type, key: given, extra: more }) => {
    const { caller } = ports;
    const keyring = keyringOf(ports);
    const user = userOf(ports, name, "change the user");
    if (type !== undefined && type !== user.userType)
      permit(caller, { permission: "admin", what: "change the type of a user" });
    await keyring.updateUser(name, {
      password: secret,
      ...(type === undefined ? {} : { userType: type === 0 ? 0 : 1 }),
      ...(given === undefined ? {} : { keyId: keyFor(keyring, caller, given) }),
      ...(more === undefined ? {} : { extra: more }),
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
    await keyringOf(ports).updateUser(name, { password: secret });
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
  run: async (ports, { username: name, key: given }) => {
    userOf(ports, name, "change the key of the user");
    const keyring = keyringOf(ports);
    await keyring.updateUser(name, { keyId: keyFor(keyring, ports.caller, given) });
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
    keyringOf(ports).deleteUser(name);
    return { body: { ok: true } };
  },
});

/** Reads `Authorization: Basic …`. @throws {@link GafferError} `unauthorized` if there is none */
export function basicOf(headers: Headers): { readonly username: string; readonly password: string } {
  const [, encoded] = /^Basic +([A-Za-z0-9+/=]+) *$/i.exec(headers.get("authorization") ?? "") ?? [];
  const text = Buffer.from(encoded ?? "", "base64").toString("utf8");
  const colon = text.indexOf(":");
  if (colon > 0) return { username: text.slice(0, colon), password: text.slice(colon + 1) };
  throw new GafferError("unauthorized", "Cannot log in: name and password are sent by basic authentication");
}
