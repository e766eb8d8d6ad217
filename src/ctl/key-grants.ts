import { GafferError } from "../base/gaffer-error.ts";
import type { KeyPermissions } from "../client/keys.ts";

/** What letters grant without a target. */
const general: Readonly<Record<string, string>> = { a: "admin", k: "create_key", u: "create_user", m: "manage" };
/** What they grant of a session or a job. */
const ofTarget: Readonly<Record<string, string>> = { r: "read", w: "write", m: "manage" };

/**
 * Reads what a key is to allow: `+a` administration, `+k` making keys, `+u` making users, `+m` managing everything; `TARGET+rwm` reading,
 * writing to and managing a session, a job, or `*`.
 *
 * @throws {@link GafferError} `usage` that names the word
 * @see gaffer 0.5 `key:create`
 */
export function readGrants(words: readonly string[]): KeyPermissions {
  const grants = words.flatMap(grantsOf);
  const targetsOf = (list: string): string[] => grants.filter(([name]) => name === list).map(([, target]) => target);
  const has = (flag: string): boolean => grants.some(([name]) => name === flag);
  return {
    admin: has("admin"),
    create_key: has("create_key"),
    create_user: has("create_user"),
    read: targetsOf("read"),
    write: targetsOf("write"),
    manage: targetsOf("manage"),
  };
}

/** What a word grants, and of what. */
function grantsOf(word: string): (readonly [grant: string, target: string])[] {
  const [, target = "", letters = ""] = /^(.*?)\+([a-z]+)$/.exec(word) ?? [];
  if (letters === "") throw refused(word);
  return Array.from(letters, (letter) => {
    const grant = target === "" ? general[letter] : ofTarget[letter];
    if (grant === undefined) throw refused(word);
    return [grant, target === "" ? "*" : target];
  });
}

function refused(word: string): GafferError {
  const ways = "+a, +k, +u, +m, or a session or job with +r, +w or +m, such as shop.web+rw";
  return new GafferError("usage", `Cannot use grant ${JSON.stringify(word)}: it takes ${ways}`);
}
