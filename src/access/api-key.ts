/** Bytes of chance in a key: nobody guesses one. */
const KEY_BYTES = 32;
/** Characters of a key's public id. */
const ID_CHARS = 16;

/** Makes a key: text that nobody can guess. It is shown once, and kept by its hash only. */
export function makeApiKey(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(KEY_BYTES))).toString("hex");
}

/** What is kept of a key. A key is chance itself, so that a plain hash of it can't be turned back. */
export const hashOfKey = (key: string): string => new Bun.CryptoHasher("sha256").update(key).digest("hex");

/** The public id of a key, by its hash: names it in lists and logs, and opens nothing. */
export const idOfHash = (hash: string): string => hash.slice(0, ID_CHARS);
