import { Keyring } from "../access/keyring.ts";
import { NO_PERMISSIONS } from "../access/permissions.ts";
import { GafferError } from "../base/gaffer-error.ts";
import { readSecret } from "../cli/secret-input.ts";
import { print } from "../cli/stdout.ts";
import { defaultStateFolder, makeStateFolder } from "../state/state-folder.ts";
import type { DaemonTarget } from "./daemon-plan.ts";

/** The keyring that the daemon of these would use, running or not. */
function openKeyring({ plan, config, at }: DaemonTarget): Keyring {
  const folder = makeStateFolder(plan.stateDir ?? defaultStateFolder(config.file, at));
  return new Keyring({ folder, ...config.keyring });
}

/** What is to be done about administrators. */
export interface AdminFlags {
  readonly "list-admins": boolean;
  readonly username: string | undefined;
  readonly "password-file": string | undefined;
}

/**
 * Names the administrators, or makes one with a key.
 *
 * @throws {@link GafferError} `usage` if there is no name or no password, `conflict` if there is a user of that name.
 */
export function administer(target: DaemonTarget, flags: AdminFlags): number | Promise<number> {
  return flags["list-admins"] ? listAdmins(target) : createAdmin(target, flags);
}

/** Says name and key. */
async function createAdmin(
  target: DaemonTarget,
  { username, "password-file": passwordFile }: AdminFlags,
): Promise<number> {
  if (username === undefined)
    throw new GafferError("usage", "Cannot make an administrator: name one with --username NAME");
  using keyring = openKeyring(target);
  keyring.refuseTwin(username);
  const what = `password of ${username}`;
  const password = await readSecret({ what, flag: "password-file", file: passwordFile, isNew: true });
  const user = await keyring.createUser({ username, password, userType: 0, keyId: undefined });
  const permissions = { ...NO_PERMISSIONS, admin: true };
  const { key, record } = keyring.createKey({ label: "admin key", permissions, parent: undefined });
  await keyring.updateUser(user.username, { keyId: record.id });
  print(`username: ${user.username}\nkey: ${key}\n`);
  return 0;
}

/** Names the administrators, a line each, with the ids of their keys. */
function listAdmins(target: DaemonTarget): number {
  using keyring = openKeyring(target);
  const admins = keyring.users.filter(({ userType }) => userType === 0);
  for (const { username, keyId } of admins) print(`${username} - ${keyId ?? "no key"}\n`);
  return 0;
}
