import { GafferError } from "../base/gaffer-error.ts";
import type { Keyring, MintedKey } from "./keyring.ts";
import { Passwords } from "./passwords.ts";
import { USER_TYPES, userExists, userNotFound, type UserRecord, type UserStore, type UserType } from "./user-store.ts";

/** A user, but for the password. */
export type Account = Omit<UserRecord, "passwordHash">;

/** What is said of a user; key: id of a key, or the key itself. */
export interface AccountWish {
  readonly password: string;
  /** @defaultValue 1, a program */
  readonly userType?: UserType | undefined;
  /** @defaultValue none */
  readonly key?: string | undefined;
  /** @defaultValue nothing */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
}

/** What {@link Accounts} work with. */
export interface AccountsOptions {
  readonly store: UserStore;
  readonly keyring: Keyring;
  readonly passwords?: Passwords;
}

/** How many keys of one user's logins are kept; the oldest goes first. */
const LOGINS = 20;
const ADMIN_LABEL = "admin key";

/**
 * The users of a daemon.
 *
 * @remarks A user has a key. Its text is kept nowhere, so who logs in gets a new one that may do what that one may, and ends with it, with
 * the user, and with the password.
 */
export class Accounts {
  readonly #store: UserStore;
  readonly #keyring: Keyring;
  readonly #passwords: Passwords;

  constructor({ store, keyring, passwords = new Passwords() }: AccountsOptions) {
    this.#store = store;
    this.#keyring = keyring;
    this.#passwords = passwords;
  }

  /** All users, the oldest first. */
  all(): readonly Account[] {
    return this.#store.all().map(withoutHash);
  }

  /** A user by name, in whatever case. */
  find(username: string): Account | undefined {
    const record = this.#store.get(username.toLowerCase());
    return record && withoutHash(record);
  }

  /** The same. @throws {@link GafferError} `user_not_found` */
  get(username: string): Account {
    return withoutHash(this.#get(username, "find"));
  }

  #get(username: string, action: string): UserRecord {
    const record = this.#store.get(username.toLowerCase());
    if (record === undefined) throw userNotFound(action, username);
    return record;
  }

  /**
   * Takes a user in.
   *
   * @throws {@link GafferError} `user_exists`, `key_not_found`, `bad_request` if the name or the password can't be one.
   */
  async create(username: string, wish: AccountWish): Promise<Account> {
    const name = readUsername(username);
    const key = wish.key === undefined ? undefined : this.#keyring.get(wish.key).id;
    if (this.#store.get(name) !== undefined) throw userExists(name);
    const user = await this.#record(name, { ...wish, key });
    this.#store.add(user);
    return withoutHash(user);
  }

  async #record(username: string, { password, userType, key, extra }: AccountWish): Promise<UserRecord> {
    const passwordHash = await this.#passwords.hash(password);
    return { username, passwordHash, userType: userType ?? USER_TYPES.app, key, extra: extra ?? {} };
  }

  /** Takes in somebody who administers, with a key. @returns the key, seen this once. @throws {@link GafferError} as {@link create} */
  async createAdmin(username: string, password: string): Promise<MintedKey> {
    const minted = this.#keyring.mint({ permissions: { admin: true }, label: ADMIN_LABEL });
    try {
      await this.create(username, { password, userType: USER_TYPES.admin, key: minted.record.id });
      return minted;
    } catch (error) {
      this.#keyring.revoke(minted.record.id);
      throw error;
    }
  }

  /** Makes a user what is given, and ends the logins. @throws {@link GafferError} as {@link create}, `user_not_found` */
  async update(username: string, wish: AccountWish): Promise<void> {
    const { username: name } = this.#get(username, "change");
    const key = wish.key === undefined ? undefined : this.#keyring.get(wish.key).id;
    this.#store.update(await this.#record(name, { ...wish, key }));
    this.#endLogins(name);
  }

  /** Gives a user another password, and ends the logins. @throws {@link GafferError} `user_not_found`, `bad_request` */
  async setPassword(username: string, password: string): Promise<void> {
    const { username: name } = this.#get(username, "change");
    this.#change(name, { passwordHash: await this.#passwords.hash(password) });
    this.#endLogins(name);
  }

  /**
   * Gives a user another key, and ends the logins.
   *
   * @param key - its id, or the key itself.
   * @throws {@link GafferError} `user_not_found`, `key_not_found`
   */
  setKey(username: string, key: string): void {
    const { username: name } = this.#get(username, "change");
    this.#change(name, { key: this.#keyring.get(key).id });
    this.#endLogins(name);
  }

  /** Read anew: while a password was hashed, somebody may have changed or deleted the user. */
  #change(username: string, change: Partial<UserRecord>): void {
    this.#store.update({ ...this.#get(username, "change"), ...change });
  }

  /** Deletes a user, and ends the logins; the user's key stays. @throws {@link GafferError} `user_not_found` */
  delete(username: string): void {
    const name = username.toLowerCase();
    this.#store.delete(name);
    this.#endLogins(name);
  }

  #endLogins(username: string): void {
    for (const { id } of this.#keyring.ofUser(username)) this.#keyring.revoke(id);
  }

  /**
   * The user who has this password. That there is no such user is not told, nor seen by the time it takes.
   *
   * @throws {@link GafferError} `too_many_requests`
   */
  async authenticate(username: string, password: string): Promise<Account | undefined> {
    const record = this.#store.get(username.toLowerCase());
    const isRight = await this.#passwords.verify(password, record?.passwordHash);
    // What was true before the check may not be any more.
    const now = isRight ? this.#store.get(username.toLowerCase()) : undefined;
    return now !== undefined && now.passwordHash === record?.passwordHash ? withoutHash(now) : undefined;
  }

  /**
   * A new key for somebody who has proved to be this user.
   *
   * @throws {@link GafferError} `forbidden` if the user has no key
   */
  login({ username, key }: Account): MintedKey {
    const own = key === undefined ? undefined : this.#keyring.find(key);
    if (own === undefined) {
      throw new GafferError("forbidden", `Cannot log in user "${username}": there is no key for this user`);
    }
    const wish = { permissions: own.permissions, label: `login of ${username}`, parent: own.id, username };
    const minted = this.#keyring.mint(wish);
    for (const { id } of this.#keyring.ofUser(username).slice(0, -LOGINS)) this.#keyring.revoke(id);
    return minted;
  }

  /** Whether a key is the user's own, or of a login. */
  isOwn(username: string, keyId: string): boolean {
    const user = this.find(username);
    return user !== undefined && (user.key === keyId || this.#keyring.find(keyId)?.username === user.username);
  }
}

const withoutHash = ({ username, userType, key, extra }: UserRecord): Account => ({ username, userType, key, extra });

/** A name as it is kept. @throws {@link GafferError} `bad_request` */
function readUsername(text: string): string {
  const name = text.toLowerCase();
  if (/^[a-z0-9_][a-z0-9_.@+-]{0,63}$/.test(name)) return name;
  throw new GafferError(
    "bad_request",
    `Cannot use user name ${JSON.stringify(text.slice(0, 80))}: it is up to 64 letters, digits and _ . @ + -, and begins with a letter, a digit or _`,
  );
}
