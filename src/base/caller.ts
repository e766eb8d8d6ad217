import { GafferError } from "./gaffer-error.ts";

/** What a key may allow: reading, writing to a process and managing of what is named; administration of keys and users. */
export type Permission = "read" | "write" | "manage" | "admin" | "create_key" | "create_user";

/** Who asks for something. */
export interface Caller {
  /** How messages and logs name it; never the key itself. */
  readonly label: string;
  /** Public id of its key; undefined = it came without one. */
  readonly keyId: string | undefined;
  /**
   * Whether it may do this now: of a key that was taken back, nothing any more.
   *
   * @param target - `session` or `session.job`; undefined = everything there is.
   */
  readonly may: (permission: Permission, target?: string) => boolean;
  /**
   * Calls back once, when its key is taken back: what it has open is to be closed. Absent = it can't be.
   *
   * @returns ends it.
   */
  readonly onRevoked?: (listener: () => void) => () => void;
}

/** Whoever comes in by an endpoint that asks for no key: the daemon's own user, who may do everything. */
export const OWNER: Caller = { label: "owner", keyId: undefined, may: () => true };

/** Whoever has shown no key yet where one is asked for. */
export const NOBODY: Caller = { label: "nobody", keyId: undefined, may: () => false };

/**
 * Refuses what a caller may not do.
 *
 * @param what - is to be done, for the message: `scale job "s.n"`.
 * @throws {@link GafferError} `forbidden`
 */
export function permit(
  caller: Caller,
  {
    permission,
    target,
    what,
  }: { readonly permission: Permission; readonly target?: string | undefined; readonly what: string },
): void {
  if (caller.may(permission, target)) return;
  const whole = target === undefined ? "everything" : JSON.stringify(target);
  throw new GafferError(
    "forbidden",
    `Cannot ${what}: ${caller.label} may not ${permission.replace("_", " ")} ${whole}`,
  );
}
