import { GafferError } from "../base/gaffer-error.ts";

/** Memory and passes of a hash. @see OWASP Password Storage Cheat Sheet: Argon2id, 19 MiB, 2 passes */
const ARGON = { algorithm: "argon2id", memoryCost: 19_456, timeCost: 2 } as const;
/** How many may wait for theirs: each takes some tens of milliseconds and its memory. */
const MOST_WAITING = 32;
const MOST_CHARS = 1024;

let last: Promise<unknown> = Promise.resolve();
let waiting = 0;

/** One after the other: many at once would only take the memory of many. @throws {@link GafferError} `input_full` (503) */
async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (waiting >= MOST_WAITING) {
    throw new GafferError("input_full", "Cannot check the password: too many are being checked, try again later");
  }
  waiting++;
  const done = last.then(work);
  last = done.catch(() => undefined);
  try {
    return await done;
  } finally {
    waiting--;
  }
}

/** @throws {@link GafferError} `bad_request` if it is empty or longer than 1024 characters */
export function hashOfPassword(password: string): Promise<string> {
  if (password === "" || password.length > MOST_CHARS) {
    throw new GafferError("bad_request", `Cannot use the password: it must have 1 to ${MOST_CHARS} characters`);
  }
  return inTurn(() => Bun.password.hash(password, ARGON));
}

let nobodys: Promise<string> | undefined;

/**
 * Whether a password is the one of a hash.
 *
 * @param hash - undefined = there is no such user: it takes as long, so that nobody learns that.
 */
export async function isPassword(password: string, hash: string | undefined): Promise<boolean> {
  nobodys ??= hashOfPassword(crypto.randomUUID());
  const against = hash ?? (await nobodys);
  const isRight = await inTurn(() => Bun.password.verify(password.slice(0, MOST_CHARS + 1), against));
  return isRight && hash !== undefined;
}
