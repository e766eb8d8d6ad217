import type { Permission } from "../base/caller.ts";
import { GafferError } from "../base/gaffer-error.ts";
import { isLegalName } from "../base/job-name.ts";
import { didYouMean } from "../base/nearest.ts";

/** What a key may do, as it is written in JSON. */
export interface Grants {
  /** May do everything, and administers keys and users. @defaultValue false */
  readonly admin?: boolean;
  /** May make keys. @defaultValue false */
  readonly create_key?: boolean;
  /** May make users. @defaultValue false */
  readonly create_user?: boolean;
  /** What it manages, and so writes to and reads: `*`, `session` or `session.job`. @defaultValue nothing */
  readonly manage?: readonly string[];
  /** What it writes to, and so reads. @defaultValue nothing */
  readonly write?: readonly string[];
  /** What it reads. @defaultValue nothing */
  readonly read?: readonly string[];
}

/** Permissions that are held or not, of nothing in particular. */
export const ADMINISTRATION = ["admin", "create_key", "create_user"] as const;
/** Permissions that are held of sessions and jobs. */
const OPERATION = ["manage", "write", "read"] as const;
/** Stands for everything there is. */
const EVERYTHING = "*";

type Administration = (typeof ADMINISTRATION)[number];
type Operation = (typeof OPERATION)[number];

/** The lists that give an operation: who may write may read. */
const givenBy: Readonly<Record<Operation, readonly Operation[]>> = {
  manage: ["manage"],
  write: ["write", "manage"],
  read: ["read", "write", "manage"],
};

const isAdministration = (name: string): name is Administration => ADMINISTRATION.some((one) => one === name);
const isOperation = (name: string): name is Operation => OPERATION.some((one) => one === name);

/**
 * Whether a key with these grants may do something.
 *
 * @param target - `session` or `session.job`; undefined = everything there is. Of a session is what is of its jobs, and not the reverse.
 */
export function allows(grants: Grants, permission: Permission, target?: string): boolean {
  if (grants.admin === true) return true;
  if (isAdministration(permission)) return grants[permission] === true;
  return givenBy[permission].some((list) => covers(grants[list] ?? [], target));
}

function covers(list: readonly string[], target: string | undefined): boolean {
  if (list.includes(EVERYTHING)) return true;
  if (target === undefined) return false;
  const dot = target.indexOf(".");
  return list.includes(target) || (dot !== -1 && list.includes(target.slice(0, dot)));
}

const refused = (fact: string): GafferError => new GafferError("bad_request", `Cannot use permissions: ${fact}`);

const show = (value: unknown): string => (JSON.stringify(value) ?? "nothing").slice(0, 80);

/**
 * Checks what a key shall be allowed.
 *
 * @throws {@link GafferError} `bad_request` that names the permission, what it is, and what it must be.
 */
export function readGrants(value: unknown): Grants {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw refused(`${show(value)} is not an object`);
  }
  const grants: Partial<Record<Administration, boolean>> & Partial<Record<Operation, readonly string[]>> = {};
  for (const [name, given] of Object.entries(value)) {
    if (isAdministration(name)) grants[name] = readSwitch(name, given);
    else if (isOperation(name)) grants[name] = readTargets(name, given);
    else {
      const known = [...ADMINISTRATION, ...OPERATION];
      throw refused(
        `there is no permission ${show(name)}${didYouMean(name, known) || ` (there is ${known.join(", ")})`}`,
      );
    }
  }
  return grants;
}

function readSwitch(name: string, value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw refused(`${name} is ${show(value)}: it must be true or false`);
}

function readTargets(name: string, value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw refused(`${name} is ${show(value)}: it must be a list`);
  return [...new Set(value.map((one: unknown) => readTarget(name, one)))];
}

function readTarget(name: string, value: unknown): string {
  if (value === EVERYTHING) return EVERYTHING;
  if (typeof value === "string" && value.split(".", 3).length < 3 && value.split(".").every(isLegalName)) return value;
  throw refused(`${name} has ${show(value)}: it takes "*", a session, or session.job`);
}
