import { GafferError } from "../base/gaffer-error.ts";
import { type Grants, readGrants } from "./grants.ts";
import { PrivateDatabase } from "./private-database.ts";

/** What is known of a key; not the key itself. */
export interface KeyRecord {
  /** Names it in public; it opens nothing. */
  readonly id: string;
  readonly label: string;
  readonly permissions: Grants;
  /** Id of the key that it goes with: it is deleted with that. */
  readonly parent: string | undefined;
  /** The user who got it by logging in. */
  readonly username: string | undefined;
  /** Milliseconds since the epoch. */
  readonly created: number;
}

/** A key that is to be kept. */
export interface NewKey extends KeyRecord {
  /** The key itself; only its SHA-256 is kept. */
  readonly key: string;
}

interface KeyRow {
  readonly id: string;
  readonly label: string;
  readonly permissions: string;
  readonly parent: string | null;
  readonly username: string | null;
  readonly created: number;
}

const schema = `
  CREATE TABLE keys (
    seq INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    id TEXT NOT NULL UNIQUE,
    label TEXT NOT NULL,
    permissions TEXT NOT NULL,
    parent TEXT,
    username TEXT,
    created INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX keys_by_parent ON keys (parent) WHERE parent IS NOT NULL;
  CREATE INDEX keys_by_username ON keys (username) WHERE username IS NOT NULL;
`;

const columns = "id, label, permissions, parent, username, created";

/**
 * Keeps keys in a file, each by its SHA-256: a key is random and long, so nothing is gained by a slow hash.
 *
 * @remarks Every method throws {@link GafferError} `state_unusable` where the file fails.
 */
export class KeyStore implements Disposable {
  readonly #database: PrivateDatabase;

  /** @param path - of its file, `:memory:` = none. @throws {@link GafferError} `state_unusable` */
  constructor(path: string) {
    this.#database = PrivateDatabase.open({ path, what: "key store", schema });
  }

  /** Takes a key in. @throws {@link GafferError} `key_exists` if there is one of this id, or it is there itself. */
  add({ key, id, label, permissions, parent, username, created }: NewKey): void {
    this.#database.atomically(() => {
      if (this.byId(id) !== undefined || this.byKey(key) !== undefined) {
        throw new GafferError("key_exists", `Cannot add key "${id}": it is there already`);
      }
      this.#database.run(
        `INSERT INTO keys (hash, ${columns}) VALUES (?, ?, ?, ?, ?, ?, ?)`,
        hashOf(key),
        id,
        label,
        JSON.stringify(permissions),
        parent ?? null,
        username ?? null,
        created,
      );
    });
  }

  /** Whose key this is. */
  byKey(key: string): KeyRecord | undefined {
    return this.#database.first({ sql: `SELECT ${columns} FROM keys WHERE hash = ?`, values: [hashOf(key)], read });
  }

  /** The key of this id. */
  byId(id: string): KeyRecord | undefined {
    return this.#database.first({ sql: `SELECT ${columns} FROM keys WHERE id = ?`, values: [id], read });
  }

  /** All keys, the oldest first. */
  all(): KeyRecord[] {
    return this.#list("");
  }

  /** Keys that go with this one. */
  children(id: string): KeyRecord[] {
    return this.#list("WHERE parent = ?", id);
  }

  /** Keys that a user got by logging in, the oldest first. */
  ofUser(username: string): KeyRecord[] {
    return this.#list("WHERE username = ?", username);
  }

  #list(where: string, ...values: string[]): KeyRecord[] {
    return this.#database.all({ sql: `SELECT ${columns} FROM keys ${where} ORDER BY seq`, values, read });
  }

  /** A key and all that go with it, and with those in turn; itself first. None if it is not there. */
  family(id: string): KeyRecord[] {
    return this.#database.all({
      sql: `WITH RECURSIVE family (member, depth) AS (
         SELECT id, 0 FROM keys WHERE id = ?
         UNION SELECT keys.id, depth + 1 FROM keys JOIN family ON keys.parent = family.member
       ) SELECT ${columns} FROM family JOIN keys ON keys.id = member ORDER BY depth, seq`,
      values: [id],
      read,
    });
  }

  /** Deletes a key and its {@link family}. @returns what it deleted. */
  delete(id: string): KeyRecord[] {
    return this.#database.atomically(() => {
      const family = this.family(id);
      for (const member of family) this.#database.run("DELETE FROM keys WHERE id = ?", member.id);
      return family;
    });
  }

  [Symbol.dispose](): void {
    this.#database[Symbol.dispose]();
  }
}

const hashOf = (key: string): Uint8Array => new Bun.CryptoHasher("sha256").update(key).digest();

function read({ parent, username, permissions, ...rest }: KeyRow): KeyRecord {
  return {
    ...rest,
    permissions: readGrants(JSON.parse(permissions)),
    parent: parent ?? undefined,
    username: username ?? undefined,
  };
}
