import type { Database } from "bun:sqlite";
import { GafferError } from "../base/gaffer-error.ts";
import { openSecretDatabase } from "./secret-database.ts";

/** What a user is: an administrator, or an application. */
export type UserType = 0 | 1;

/** A user. */
export interface UserRecord {
  /** Lower case. */
  readonly username: string;
  /** Hash of the password. */
  readonly hash: string;
  /** 0 = administrator, 1 = application. */
  readonly userType: UserType;
  /** Id of the key that the user logs in to. */
  readonly keyId: string | undefined;
  /** Whatever else was said of the user. */
  readonly extra: Readonly<Record<string, unknown>>;
}

const SCHEMA = `CREATE TABLE IF NOT EXISTS users (
  username TEXT PRIMARY KEY,
  hash TEXT NOT NULL,
  user_type INTEGER NOT NULL,
  key_id TEXT,
  extra TEXT NOT NULL
) STRICT`;

interface Row {
  readonly username: string;
  readonly hash: string;
  readonly user_type: number;
  readonly key_id: string | null;
  readonly extra: string;
}

/** The users. */
export class UserStore implements Disposable {
  readonly #database: Database;

  /** @param path - of its file; `:memory:` = none. @throws {@link GafferError} `state_unusable` */
  constructor(path: string) {
    this.#database = openSecretDatabase(path, SCHEMA);
  }

  /** Takes a user in. @throws {@link GafferError} `conflict` if there is one of that name */
  create(user: UserRecord): void {
    if (this.get(user.username) !== undefined) {
      throw new GafferError("conflict", `Cannot make user "${user.username}": there is one of that name`);
    }
    this.#database
      .query("INSERT INTO users (username, hash, user_type, key_id, extra) VALUES (?, ?, ?, ?, ?)")
      .run(user.username, user.hash, user.userType, user.keyId ?? null, JSON.stringify(user.extra));
  }

  /** The user of a name, in whatever case. */
  get(username: string): UserRecord | undefined {
    const query = this.#database.query<Row, [string]>("SELECT * FROM users WHERE username = ?");
    const row = query.get(username.toLowerCase());
    return row === null ? undefined : recordOf(row);
  }

  /** All of them, by name. */
  all(): UserRecord[] {
    return this.#database.query<Row, []>("SELECT * FROM users ORDER BY username").all().map(recordOf);
  }

  /** Puts a user in the place of the one of that name. @returns whether there is one */
  update(user: UserRecord): boolean {
    const { changes } = this.#database
      .query("UPDATE users SET hash = ?, user_type = ?, key_id = ?, extra = ? WHERE username = ?")
      .run(user.hash, user.userType, user.keyId ?? null, JSON.stringify(user.extra), user.username);
    return changes > 0;
  }

  /** @returns whether there was one */
  delete(username: string): boolean {
    return this.#database.query("DELETE FROM users WHERE username = ?").run(username.toLowerCase()).changes > 0;
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

function recordOf({ username, hash, user_type: type, key_id: keyId, extra }: Row): UserRecord {
  const known: Record<string, unknown> = JSON.parse(extra);
  return { username, hash, userType: type === 0 ? 0 : 1, keyId: keyId ?? undefined, extra: known };
}
