import { Access } from "../access/access.ts";
import { userExists } from "../access/user-store.ts";
import { GafferError } from "../base/gaffer-error.ts";
import { askLine, readSecret } from "../cli/secret-input.ts";
import { print } from "../cli/stdout.ts";
import { defaultStateFolder, makeStateFolder } from "../state/state-folder.ts";
import type { DaemonTarget } from "./daemon-plan.ts";

/** The keys and users that the daemon of these would use, running or not. */
function openAccess({ plan, config, at }: DaemonTarget): Access {
  const folder = makeStateFolder(plan.stateDir ?? defaultStateFolder(config.file, at));
  return new Access({ folder, ...config.keyring });
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
 * @throws {@link GafferError} `usage` if there is no name or no password, `user_exists` if there is a user of that name.
 */
export function administer(target: DaemonTarget, flags: AdminFlags): number | Promise<number> {
  return flags["list-admins"] ? listAdmins(target) : createAdmin(target, flags);
}

/** Says name and key. */
async function createAdmin(target: DaemonTarget, flags: AdminFlags): Promise<number> {
  const { "password-file": passwordFile } = flags;
  const username = flags.username ?? askLine("username: ");
  if (username === undefined)
    throw new GafferError("usage", "Cannot make an administrator: name one with --username NAME");
  using access = openAccess(target);
  if (access.accounts.find(username) !== undefined) throw userExists(username);
  const what = `password of ${username}`;
  const password = await readSecret({ what, flag: "password-file", file: passwordFile, isNew: true });
  const { key } = await access.accounts.createAdmin(username, password);
  print(`username: ${username.toLowerCase()}\nkey: ${key}\n`);
  return 0;
}

/** Names the administrators, a line each, with the ids of their keys. */
function listAdmins(target: DaemonTarget): number {
  using access = openAccess(target);
  const admins = access.accounts.all().filter(({ userType }) => userType === 0);
  for (const { username, key } of admins) print(`${username} - ${key ?? "no key"}\n`);
  return 0;
}
