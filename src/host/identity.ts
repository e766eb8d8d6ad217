import { readFileSync } from "node:fs";
import { GafferError } from "../base/gaffer-error.ts";

/** Whom a process runs as. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups, the primary one left out. */
  readonly groups: readonly number[];
}

interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

function lines(path: string): string[][] {
  try {
    return readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => line.includes(":"))
      .map((line) => line.split(":"));
  } catch {
    return [];
  }
}

const users = (): User[] =>
  lines("/etc/passwd").map(([name = "", , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));

/** The machine's user names by number; of several names of one number, the first. */
export function userNames(): ReadonlyMap<number, string> {
  return new Map(
    users()
      .toReversed()
      .map(({ uid, name }) => [uid, name]),
  );
}

const groups = (): Group[] =>
  lines("/etc/group").map(([name = "", , gid, members = ""]) => ({
    name,
    gid: Number(gid),
    members: members.split(",").filter(Boolean),
  }));

const isNumber = (value: string | number): boolean => /^\d+$/.test(String(value));

/** The largest id: one more is (uid_t) -1, which setresuid(2) takes for "as it is", and beyond that 0 comes again. */
const LARGEST_ID = 2 ** 32 - 2;

const isId = (value: string | number): boolean => isNumber(value) && Number(value) <= LARGEST_ID;

function findUser(uid: string | number): User {
  const known = users();
  const user =
    known.find(({ name }) => name === String(uid)) ?? known.find((one) => isNumber(uid) && one.uid === Number(uid));
  if (user !== undefined) return user;
  if (isId(uid)) return { name: "", uid: Number(uid), gid: Number(uid) };
  throw new GafferError("user_unknown", `Cannot run as user "${uid}": no such user in /etc/passwd`);
}

/** The number of a group by its name or number. @throws {@link GafferError} `user_unknown` if there is none */
export function findGroup(gid: string | number): number {
  const group = groups().find(({ name }) => name === String(gid));
  if (group !== undefined) return group.gid;
  if (isId(gid)) return Number(gid);
  throw new GafferError("user_unknown", `Cannot run as group "${gid}": no such group in /etc/group`);
}

/**
 * Whom a job's uid and gid name: a user alone brings its primary and supplementary groups; a number without an entry is
 * taken as it is, with a group of the same number.
 *
 * @returns undefined when neither is given: as gaffer itself.
 * @throws {@link GafferError} `user_unknown`; `user_forbidden` when gaffer is not root and it is not gaffer's own.
 */
export function resolveIdentity(
  uid: string | number | undefined,
  gid: string | number | undefined,
): Identity | undefined {
  if (uid === undefined && gid === undefined) return undefined;
  const own = self();
  const user = uid === undefined ? own : findUser(uid);
  const primary = gid === undefined ? user.gid : findGroup(gid);
  if (own.uid !== 0) {
    if (user.uid === own.uid && primary === own.gid) return undefined;
    const fact = "gaffer itself must be root to change user";
    throw new GafferError("user_forbidden", `Cannot run as user "${uid ?? own.uid}": ${fact}`);
  }
  return { uid: user.uid, gid: primary, groups: supplementaryGroups(user.name, primary) };
}

const self = (): User => ({ name: "", uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 });

function supplementaryGroups(name: string, primary: number): number[] {
  if (name === "") return [];
  const named = groups().filter(({ members }) => members.includes(name));
  return [...new Set(named.map(({ gid }) => gid))].filter((gid) => gid !== primary);
}
