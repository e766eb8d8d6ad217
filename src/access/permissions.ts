import type { Permission } from "../base/caller.ts";
import { GafferError } from "../base/gaffer-error.ts";
import { isLegalName, isJobName } from "../base/job-name.ts";
import { didYouMean } from "../base/nearest.ts";

/**
 * What a key allows. Administration includes everything; managing includes writing, and that reading. `*` is everything, a session is all
 * its jobs, a job is that job alone.
 *
 * @see gaffer 0.5 `gaffer/gafferd/keys.py`
 */
export interface Permissions {
  readonly admin: boolean;
  /** It may make keys, but for those of administrators. */
  readonly create_key: boolean;
  /** It may make users, but for administrators. */
  readonly create_user: boolean;
  /** `*`, sessions and full names of jobs. */
  readonly manage: readonly string[];
  readonly write: readonly string[];
  readonly read: readonly string[];
}

/** A key that allows nothing. */
export const NO_PERMISSIONS: Permissions = {
  admin: false,
  create_key: false,
  create_user: false,
  manage: [],
  write: [],
  read: [],
};

/** The lists that allow each of them, the strongest first. */
const lists: Readonly<Record<string, readonly ("manage" | "write" | "read")[]>> = {
  manage: ["manage"],
  write: ["manage", "write"],
  read: ["manage", "write", "read"],
};

/**
 * Whether something is allowed.
 *
 * @param target - `session` or `session.job`; undefined = everything there is.
 */
export function allows(permissions: Permissions, permission: Permission, target?: string): boolean {
  if (permissions.admin) return true;
  if (permission === "admin") return false;
  if (permission === "create_key" || permission === "create_user") return permissions[permission];
  const session = target?.split(".", 1)[0];
  return (lists[permission] ?? []).some((list) =>
    permissions[list].some(
      (granted) => granted === "*" || (target !== undefined && (granted === target || granted === session)),
    ),
  );
}

const flags = ["admin", "create_key", "create_user"] as const;
const targets = ["manage", "write", "read"] as const;
const fields: readonly string[] = [...flags, ...targets];

/**
 * Reads permissions from JSON; what is left out is not allowed.
 *
 * @throws {@link GafferError} `bad_request` that names the field, what it is, and what it must be.
 */
export function readPermissions(value: unknown): Permissions {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw refused(`they must be an object of ${fields.join(", ")}`);
  }
  const given: Readonly<Record<string, unknown>> = { ...value };
  const unknown = Object.keys(given).find((name) => !fields.includes(name));
  if (unknown !== undefined) throw refused(`there is no field "${unknown}"${didYouMean(unknown, fields)}`);
  return {
    admin: readFlag(given, "admin"),
    create_key: readFlag(given, "create_key"),
    create_user: readFlag(given, "create_user"),
    manage: readTargets(given, "manage"),
    write: readTargets(given, "write"),
    read: readTargets(given, "read"),
  };
}

const refused = (fact: string): GafferError => new GafferError("bad_request", `Cannot use permissions: ${fact}`);

function readFlag(given: Readonly<Record<string, unknown>>, name: (typeof flags)[number]): boolean {
  const value = given[name] ?? false;
  if (typeof value === "boolean") return value;
  throw refused(`"${name}" is ${JSON.stringify(value)}: it must be true or false`);
}

function readTargets(given: Readonly<Record<string, unknown>>, name: (typeof targets)[number]): readonly string[] {
  const value = given[name] ?? [];
  const rule = `it must be a list of "*", sessions, and jobs such as "session.job"`;
  if (!Array.isArray(value)) throw refused(`"${name}" is ${JSON.stringify(value)}: ${rule}`);
  return value.map((target: unknown) => {
    if (typeof target === "string" && isTarget(target)) return target;
    throw refused(`"${name}" holds ${JSON.stringify(target)}: ${rule}`);
  });
}

/** `*`, a session, or a job under its full name. */
const isTarget = (text: string): boolean =>
  text === "*" || isLegalName(text) || (/^[^./:]+\.[^./:]+$/.test(text) && isJobName(text));
