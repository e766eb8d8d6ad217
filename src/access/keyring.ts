import { resolve } from "node:path";
import type { Caller } from "../base/caller.ts";
import { GafferError } from "../base/gaffer-error.ts";
import { hashOfKey, idOfHash } from "./api-key.ts";
import type { Authenticator } from "./gate.ts";
import { type KeyRecord, KeyStore, type NewKey } from "./key-store.ts";
import { hashOfPassword, isPassword } from "./password.ts";
import { allows } from "./permissions.ts";
import { type UserRecord, UserStore, type UserType } from "./user-store.ts";

/** Where keys and users are kept: paths, those that are relative in the folder, or `:memory:`. */
export interface KeyringPlaces {
  readonly folder: string;
  /** @defaultValue `keys.db` */
  readonly keys?: string;
  /** @defaultValue `auth.db` */
  readonly users?: string;
}

/** A user to be. */
export interface NewUser {
  readonly username: string;
  readonly password: string;
  readonly userType: UserType;
  readonly keyId: string | undefined;
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** Most keys that are remembered, and need not be looked up. */
const REMEMBERED = 1000;
/** Most keys that one user has from logging in; of more the oldest are taken back. */
const LOGINS = 32;

const pathOf = (folder: string, name: string): string => (name === ":memory:" ? name : resolve(folder, name));

/** The keys and the users of a daemon, and who comes with which. */
export class Keyring implements Authenticator, Disposable {
  readonly #keys: KeyStore;
  readonly #users: UserStore;
  /** By their hash. */
  readonly #remembered = new Map<string, Caller>();
  /** By their id; what is not there any more was taken back. */
  readonly #live = new Map<string, KeyRecord>();
  /** By the id of the key whose end they wait for. */
  readonly #listeners = new Map<string, Set<() => void>>();

  /** @throws {@link GafferError} `state_unusable` */
  constructor({ folder, keys = "keys.db", users = "auth.db" }: KeyringPlaces) {
    this.#keys = new KeyStore(pathOf(folder, keys));
    this.#users = new UserStore(pathOf(folder, users));
  }

  /** Whose key this is, as long as it is one. */
  callerOf(key: string): Caller | undefined {
    const hash = hashOfKey(key);
    const known = this.#remembered.get(hash);
    if (known !== undefined) return known;
    const record = this.#keys.find(key);
    if (record === undefined) return undefined;
    if (this.#remembered.size >= REMEMBERED) this.#forgetAll();
    const { id, label } = record;
    this.#live.set(id, record);
    const caller: Caller = {
      label: `key ${id}${label === "" ? "" : ` (${label})`}`,
      keyId: id,
      may: (permission, target) => {
        const now = this.#recordOf(id);
        return now !== undefined && allows(now.permissions, permission, target);
      },
      onRevoked: (listener) => this.#onRevoked(id, listener),
    };
    this.#remembered.set(hash, caller);
    return caller;
  }

  #recordOf(id: string): KeyRecord | undefined {
    const live = this.#live.get(id) ?? this.#keys.get(id);
    if (live !== undefined) this.#live.set(id, live);
    return live;
  }

  #forgetAll(): void {
    this.#remembered.clear();
    this.#live.clear();
  }

  #onRevoked(id: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(id) ?? new Set();
    this.#listeners.set(id, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(id) === listeners) this.#listeners.delete(id);
    };
  }

  /** Makes a key. @returns the key, which can't be had again, and what is known of it */
  createKey(wanted: NewKey): { readonly key: string; readonly record: KeyRecord } {
    return this.#keys.create(wanted);
  }

  /** All keys, the oldest first. */
  get keys(): readonly KeyRecord[] {
    return this.#keys.all();
  }

  /**
   * A key by its id or by itself.
   *
   * @throws {@link GafferError} `key_not_found`
   */
  getKey(name: string): KeyRecord {
    const record = this.#keys.get(name) ?? this.#keys.find(name);
    if (record !== undefined) return record;
    // What was given may be a key: it is not said again.
    throw new GafferError("key_not_found", "Cannot find the key: there is none of that id");
  }

  /** Keys that were made by a key. */
  childrenOf(id: string): readonly KeyRecord[] {
    return this.#keys.childrenOf(id);
  }

  /** Takes a key back, and all that were made by it. @returns the ids that are gone */
  deleteKey(id: string): readonly string[] {
    const gone = this.#keys.delete(id);
    this.#forgetAll();
    for (const one of gone) {
      const listeners = this.#listeners.get(one) ?? [];
      this.#listeners.delete(one);
      for (const listener of listeners) listener();
    }
    return gone;
  }

  /** Takes a user in. @throws {@link GafferError} `conflict`, `bad_request` if name or password can't be one */
  async createUser({ username, password, userType, keyId, extra = {} }: NewUser): Promise<UserRecord> {
    this.refuseTwin(username);
    const hash = await hashOfPassword(password);
    const user = { username: username.toLowerCase(), hash, userType, keyId, extra };
    this.#users.create(user);
    return user;
  }

  /** @throws {@link GafferError} `conflict` if there is a user of that name, `bad_request` if it can be none */
  refuseTwin(username: string): void {
    checkUsername(username);
    if (this.#users.get(username) === undefined) return;
    throw new GafferError("conflict", `Cannot make user ${JSON.stringify(username)}: there is one of that name`);
  }

  /** All users, by name. */
  get users(): readonly UserRecord[] {
    return this.#users.all();
  }

  /** A user by name. @throws {@link GafferError} `user_not_found` */
  getUser(username: string): UserRecord {
    const user = this.#users.get(username);
    if (user !== undefined) return user;
    throw new GafferError("user_not_found", `Cannot find user ${JSON.stringify(username)}: there is none of that name`);
  }

  /** Changes what is given of a user. @throws {@link GafferError} `user_not_found`, `bad_request` if the password can't be one */
  async updateUser(
    username: string,
    change: Partial<Pick<NewUser, "password" | "userType" | "keyId" | "extra">>,
  ): Promise<UserRecord> {
    const { password, ...rest } = change;
    this.getUser(username);
    const hash = password === undefined ? {} : { hash: await hashOfPassword(password) };
    // Read again: it took a while.
    const user = { ...this.getUser(username), ...rest, ...hash };
    this.#users.update(user);
    return user;
  }

  /** Takes a user away; the key stays. @throws {@link GafferError} `user_not_found` */
  deleteUser(username: string): void {
    this.getUser(username);
    this.#users.delete(username);
  }

  /**
   * Gives who knows a user's password a key of that user's: it may what the user's own may, and goes when that goes.
   *
   * @throws {@link GafferError} `unauthorized` if there is no such user, or the password is another; `forbidden` if the user has no key.
   */
  async login(username: string, password: string): Promise<{ readonly key: string; readonly record: KeyRecord }> {
    const user = await this.verify(username, password);
    const own = user.keyId === undefined ? undefined : this.#keys.get(user.keyId);
    if (own === undefined) {
      throw new GafferError(
        "forbidden",
        `Cannot log in: user "${user.username}" has no key (PUT /users/NAME/key gives one)`,
      );
    }
    const label = `login of ${user.username}`;
    const before = this.#keys.childrenOf(own.id).filter((key) => key.label === label);
    for (const old of before.slice(0, Math.max(0, before.length - LOGINS + 1))) this.deleteKey(old.id);
    return this.#keys.create({ label, permissions: own.permissions, parent: own.id });
  }

  /** The user whose password it is. @throws {@link GafferError} `unauthorized` if there is no such user, or the password is another */
  async verify(username: string, password: string): Promise<UserRecord> {
    const user = this.#users.get(username);
    if ((await isPassword(password, user?.hash)) && user !== undefined) return user;
    throw new GafferError("unauthorized", "Cannot log in: user or password is wrong");
  }

  /** Whether a key is the one of a user, or one that user got by logging in. */
  isOwnKey(keyId: string | undefined, user: UserRecord): boolean {
    if (keyId === undefined || user.keyId === undefined) return false;
    return keyId === user.keyId || this.#recordOf(keyId)?.parent === user.keyId;
  }

  [Symbol.dispose](): void {
    this.#keys[Symbol.dispose]();
    this.#users[Symbol.dispose]();
  }
}

/** Names that can stand before the `:` of basic authentication and in a path. */
function checkUsername(username: string): void {
  if (/^[^\s:/\p{Cc}]{1,64}$/u.test(username)) return;
  throw new GafferError(
    "bad_request",
    `Cannot use user name ${JSON.stringify(username.slice(0, 80))}: it must be 1 to 64 characters without spaces, ":" and "/"`,
  );
}

/** The public id of a key, and whether a text is one that {@link Keyring.getKey} would take for an id. */
export const keyIdOf = (key: string): string => idOfHash(hashOfKey(key));
