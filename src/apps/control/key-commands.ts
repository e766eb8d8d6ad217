import { type TSchema, Type } from "@sinclair/typebox";
import type { KeyRecord } from "../../access/key-store.ts";
import type { Access } from "../../access/access.ts";
import { readGrants } from "../../access/grants.ts";
import { type Caller, permit } from "../../base/caller.ts";
import { GafferError } from "../../base/gaffer-error.ts";
import type { KeyBody } from "../../wire/key-body.ts";
import { fields } from "./arguments.ts";
import { type Command, type CommandPorts, defineCommand } from "./command.ts";
import { parentFor, permitAdministration } from "./key-rules.ts";
import { goneKeysResult, keyResult, keysResult, newKeyResult } from "./results.ts";

/** The keys and users of a daemon that has them. @throws {@link GafferError} `access_off` where no endpoint asks for keys */
export function accessOf({ access }: CommandPorts): Access {
  if (access !== undefined) return access;
  throw new GafferError("access_off", "Cannot use keys: no endpoint of this daemon asks for one (require_key)");
}

/** @param children - those that go with it, when they are to be shown. */
function keyBody(record: KeyRecord, children?: readonly KeyRecord[]): KeyBody {
  const { id, label, permissions, parent, username, created } = record;
  const body = {
    key: id,
    label,
    permissions: { ...permissions },
    parent: parent ?? null,
    username: username ?? null,
    created,
  };
  return children === undefined ? body : { ...body, keys: children.map((child) => keyBody(child)) };
}

const key: TSchema = Type.String({ writeOnly: true, description: "it must be the id of a key, or the key itself" });
const includeKeys = Type.Optional(Type.Boolean());

/** Names of all keys; what is known of each, if that was asked for. */
export const keys: Command = defineCommand({
  name: "keys",
  summary: "Ids of all keys; with include_keys, what is known of each",
  permission: "admin",
  args: fields({ include_keys: includeKeys }),
  result: keysResult,
  run: (ports, { include_keys: isWhole = false }) => {
    const all = accessOf(ports).keyring.all();
    return { body: { keys: isWhole ? all.map((one) => keyBody(one)) : all.map(({ id }) => id) } };
  },
});

const createArgs = fields({
  permissions: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: "it must be an object" })),
  label: Type.Optional(Type.String({ maxLength: 200, description: "it must be a text of 200 characters at most" })),
  parent: Type.Optional(
    Type.String({ writeOnly: true, description: "it must be a key, or its id, that the new one is taken back with" }),
  ),
  key: Type.Optional(Type.Unknown({ description: "it is not used: a key is made by chance" })),
});

/** Makes a key. */
export const createKey: Command = defineCommand({
  name: "create_key",
  summary: "Make a key; it is shown in this answer, and never again",
  permission: "create_key",
  args: createArgs,
  result: newKeyResult,
  run: (ports, { permissions: given = {}, label = "", parent }) => {
    const access = accessOf(ports);
    const permissions = readGrants(given);
    permitAdministration(ports.caller, permissions, "make a key that administers");
    const made = access.keyring.mint({ permissions, label, parent: parentFor(access, ports.caller, parent) });
    return { body: { ok: true, api_key: made.key, key: made.record.id } };
  },
});

/** Refuses a key to whom it is none of their business. */
function permitKey(caller: Caller, record: KeyRecord, what: string): void {
  if (caller.keyId === record.id) return;
  permit(caller, { permission: "create_key", what });
  permitAdministration(caller, record.permissions, what);
}

/** What is known of a key. */
export const keyInfo: Command = defineCommand({
  name: "key_info",
  summary: "Tell what a key allows; its own, or any for who may make keys",
  permission: "own",
  args: fields({ key: Type.Unsafe<string>(key), include_keys: includeKeys }),
  result: keyResult,
  run: (ports, { key: name, include_keys: isWhole = false }) => {
    const keyring = accessOf(ports).keyring;
    const record = found(ports.caller, () => keyring.get(name));
    permitKey(ports.caller, record, "tell of the key");
    return { body: { ...keyBody(record, isWhole ? keyring.children(record.id) : undefined) } };
  },
});

/** Whoever may not know of others' keys does not learn which there are either. */
function found(caller: Caller, look: () => KeyRecord): KeyRecord {
  try {
    return look();
  } catch (error) {
    permit(caller, { permission: "create_key", what: "use the key" });
    throw error;
  }
}

/** Takes a key back, with all that go with it. */
export const deleteKey: Command = defineCommand({
  name: "delete_key",
  summary: "Take a key back, with all that go with it; what they opened is closed",
  permission: "own",
  args: fields({ key: Type.Unsafe<string>(key) }),
  result: goneKeysResult,
  run: (ports, { key: name }) => {
    const keyring = accessOf(ports).keyring;
    const record = found(ports.caller, () => keyring.get(name));
    for (const one of keyring.family(record.id))
      permitKey(ports.caller, one, "take back the key and those that go with it");
    return { body: { ok: true, keys: keyring.revoke(record.id).map(({ id }) => id) } };
  },
});
