import type { Access } from "../../access/access.ts";
import { ADMINISTRATION, type Grants } from "../../access/grants.ts";
import type { KeyRecord } from "../../access/key-store.ts";
import { type Caller, permit } from "../../base/caller.ts";
import { GafferError } from "../../base/gaffer-error.ts";

/**
 * Refuses to make, show or take back what administers more than the caller does: the right to make keys is none to become an
 * administrator, by whatever way.
 *
 * @remarks Who may make keys may make ones that manage any job, as in gaffer 0.5; so that right is not much less than administration.
 * @throws {@link GafferError} `forbidden`
 */
export function permitAdministration(caller: Caller, grants: Grants, what: string): void {
  for (const permission of ADMINISTRATION) {
    if (grants[permission] === true) permit(caller, { permission, what });
  }
}

/** The key that a caller stands on: its own, or of a login that of the user. */
function baseOf({ keyring }: Access, { keyId }: Caller): KeyRecord | undefined {
  const own = keyId === undefined ? undefined : keyring.find(keyId);
  return own?.username === undefined || own.parent === undefined ? own : keyring.find(own.parent);
}

/** Whether a key is the caller's own, or goes with it. */
function isOfFamily(access: Access, caller: Caller, id: string): boolean {
  const base = baseOf(access, caller);
  return base !== undefined && access.keyring.family(base.id).some((member) => member.id === id);
}

/**
 * The id of the key that a new one goes with, so that it is taken back with that: who is no administrator can't leave keys behind that
 * outlive their own. A login is never one: it ends by itself.
 *
 * @param given - id of the key it is to be. @defaultValue the caller's own; none for administrators
 * @throws {@link GafferError} `key_not_found`, `forbidden` if it is not the caller's own or one that goes with it, `bad_request` if it is a login
 */
export function parentFor(access: Access, caller: Caller, given: string | undefined): string | undefined {
  const isAdmin = caller.may("admin");
  if (given === undefined) return isAdmin ? undefined : baseOf(access, caller)?.id;
  const parent = namedKey(access, caller, given);
  if (parent.username === undefined) return parent.id;
  throw new GafferError("bad_request", "Cannot make a key that goes with a login: name the key of the user");
}

/**
 * A key that a caller names. By its id, which is no secret, only administrators may use keys that are not their own; who shows the key
 * itself has it.
 *
 * @throws {@link GafferError} `key_not_found`, `forbidden`
 */
export function namedKey(access: Access, caller: Caller, given: string): KeyRecord {
  const isTheirs = caller.may("admin") || isOfFamily(access, caller, given);
  const record = access.keyring.find(given);
  if (record !== undefined && (record.id !== given || isTheirs)) return record;
  // Nobody learns by this which ids there are.
  if (!isTheirs) permit(caller, { permission: "admin", what: "name a key by its id" });
  throw new GafferError("key_not_found", "Cannot find the key: there is none of this id");
}
