import { GafferError } from "../base/gaffer-error.ts";
import { PrivateDatabase } from "./private-database.ts";

/** What kind of user it is, as gaffer 0.5 numbers them. */
export const USER_TYPES = { admin: 0, app: 1 } as const;

/** 0 = somebody who administers, 1 = a program. */
export type UserType = (typeof USER_TYPES)[keyof typeof USER_TYPES];

/** A user as it is kept. */
export interface UserRecord {
  /** In lower case. */
  readonly username: string;
  /** Hash of the password. */
  readonly passwordHash: string;
  readonly userType: UserType;
  /** Id of the key that the user has. */
  readonly key: string | undefined;
  /** Whatever else it was given. */
  readonly extra: Readonly<Record<string, unknown>>;
}

interface UserRow {
  readonly username: string;
  readonly password: string;
  readonly user_type: number;
  readonly key: string | null;
  readonly extra: string;
}

const schema = `
  CREATE TABLE users (
    seq INTEGER PRIMARY KEY,
    username TEXT NOT NULL UNIQUE,
    password TEXT NOT NULL,
    user_type INTEGER NOT NULL CHECK (user_type IN (0, 1)),
    key TEXT,
    extra TEXT NOT NULL
  ) STRICT;
`;

const columns = "username, password, user_type, key, extra";

/**
 * Keeps users in a file.
 *
 * @remarks Every method throws {@link GafferError} `state_unusable` where the file fails.
 */
export class UserStore implements Disposable {
  readonly #database: PrivateDatabase;

  /** @param path - of its file, `:memory:` = none. @throws {@link GafferError} `state_unusable` */
  constructor(path: string) {
    this.#database = PrivateDatabase.open({ path, what: "user store", schema });
  }

  /** Takes a user in. @throws {@link GafferError} `user_exists` */
  add(user: UserRecord): void {
    this.#database.atomically(() => {
      if (this.get(user.username) !== undefined) {
        throw userExists(user.username);
      }
      this.#database.run(`INSERT INTO users (${columns}) VALUES (?, ?, ?, ?, ?)`, ...valuesOf(user));
    });
  }

  /** The user of this name. */
  get(username: string): UserRecord | undefined {
    return this.#database.first({ sql: `SELECT ${columns} FROM users WHERE username = ?`, values: [username], read });
  }

  /** All users, the oldest first. */
  all(): UserRecord[] {
    return this.#database.all({ sql: `SELECT ${columns} FROM users ORDER BY seq`, read });
  }

  /** Makes a user what is given. @throws {@link GafferError} `user_not_found` */
  update(user: UserRecord): void {
    const changed = this.#database.run(
      `UPDATE users SET (${columns}) = (?, ?, ?, ?, ?) WHERE username = ?`,
      ...valuesOf(user),
      user.username,
    );
    if (changed === 0) throw userNotFound("change", user.username);
  }

  /** Deletes a user. @throws {@link GafferError} `user_not_found` */
  delete(username: string): void {
    if (this.#database.run("DELETE FROM users WHERE username = ?", username) === 0) {
      throw userNotFound("delete", username);
    }
  }

  [Symbol.dispose](): void {
    this.#database[Symbol.dispose]();
  }
}

/** There is no such user. @param action - what can't be done with it */
export const userNotFound = (action: string, username: string): GafferError =>
  new GafferError("user_not_found", `Cannot ${action} user ${JSON.stringify(username)}: there is no such user`);

/** There is such a user already. */
export const userExists = (username: string): GafferError =>
  new GafferError("user_exists", `Cannot add user "${username.toLowerCase()}": there is one of that name`);

const valuesOf = ({ username, passwordHash, userType, key, extra }: UserRecord) =>
  [username, passwordHash, userType, key ?? null, JSON.stringify(extra)] as const;

function read(row: UserRow): UserRecord {
  const extra: UserRecord["extra"] = JSON.parse(row.extra);
  const userType = row.user_type === USER_TYPES.admin ? USER_TYPES.admin : USER_TYPES.app;
  return { username: row.username, passwordHash: row.password, userType, key: row.key ?? undefined, extra };
}
