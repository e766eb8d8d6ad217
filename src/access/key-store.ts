import type { Database } from "bun:sqlite";
import { GafferError } from "../base/gaffer-error.ts";
import { hashOfKey, idOfHash, makeApiKey } from "./api-key.ts";
import { type Permissions, readPermissions } from "./permissions.ts";
import { openSecretDatabase } from "./secret-database.ts";

/** What is known of a key besides itself. */
export interface KeyRecord {
  /** Public id. */
  readonly id: string;
  readonly label: string;
  readonly permissions: Permissions;
  /** Id of the key it was made by; it goes when that goes. */
  readonly parent: string | undefined;
  /** Milliseconds since 1970. */
  readonly created: number;
}

/** A new key. */
export type NewKey = Pick<KeyRecord, "label" | "permissions" | "parent">;

const SCHEMA = `CREATE TABLE IF NOT EXISTS keys (
  hash TEXT PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  label TEXT NOT NULL,
  permissions TEXT NOT NULL,
  parent TEXT REFERENCES keys (id) ON DELETE CASCADE,
  created INTEGER NOT NULL
) STRICT; CREATE INDEX IF NOT EXISTS children ON keys (parent)`;

interface Row {
  readonly id: string;
  readonly label: string;
  readonly permissions: string;
  readonly parent: string | null;
  readonly created: number;
}

const COLUMNS = "id, label, permissions, parent, created";

/** The keys, of which only hashes are kept. */
export class KeyStore implements Disposable {
  readonly #database: Database;

  /** @param path - of its file; `:memory:` = none. @throws {@link GafferError} `state_unusable` */
  constructor(path: string) {
    this.#database = openSecretDatabase(path, SCHEMA);
  }

  /**
   * Makes a key.
   *
   * @param key - the key itself. @defaultValue one of chance
   * @returns the key, which can't be had again, and what is known of it.
   * @throws {@link GafferError} `conflict` if there is that key already.
   */
  create(wanted: NewKey, key: string = makeApiKey()): { readonly key: string; readonly record: KeyRecord } {
    const hash = hashOfKey(key);
    const record: KeyRecord = { ...wanted, id: idOfHash(hash), created: Date.now() };
    if (this.get(record.id) !== undefined) {
      throw new GafferError("conflict", `Cannot make the key: there is one with the id ${record.id}`);
    }
    this.#database
      .query(`INSERT INTO keys (hash, ${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)`)
      .run(hash, record.id, record.label, JSON.stringify(record.permissions), record.parent ?? null, record.created);
    return { key, record };
  }

  /** The key of this id. */
  get(id: string): KeyRecord | undefined {
    return this.#one("id", id);
  }

  /** What is known of a key itself. */
  find(key: string): KeyRecord | undefined {
    return this.#one("hash", hashOfKey(key));
  }

  #one(column: "id" | "hash", value: string): KeyRecord | undefined {
    const row = this.#database.query<Row, [string]>(`SELECT ${COLUMNS} FROM keys WHERE ${column} = ?`).get(value);
    return row === null ? undefined : recordOf(row);
  }

  /** All of them, the oldest first. */
  all(): KeyRecord[] {
    return this.#database.query<Row, []>(`SELECT ${COLUMNS} FROM keys ORDER BY created, rowid`).all().map(recordOf);
  }

  /** Those that a key was used to make. */
  childrenOf(id: string): KeyRecord[] {
    const query = this.#database.query<Row, [string]>(
      `SELECT ${COLUMNS} FROM keys WHERE parent = ? ORDER BY created, rowid`,
    );
    return query.all(id).map(recordOf);
  }

  /** Takes a key back, and all that were made by it or by those. @returns the ids that are gone, none if there was no such key */
  delete(id: string): string[] {
    const gone = [id];
    for (const one of gone) gone.push(...this.childrenOf(one).map((child) => child.id));
    const { changes } = this.#database.query("DELETE FROM keys WHERE id = ?").run(id);
    return changes === 0 ? [] : gone;
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

const recordOf = ({ id, label, permissions, parent, created }: Row): KeyRecord => ({
  id,
  label,
  permissions: readPermissions(JSON.parse(permissions)),
  parent: parent ?? undefined,
  created,
});
