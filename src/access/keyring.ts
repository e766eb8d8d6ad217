import { randomBytes } from "node:crypto";
import type { Caller } from "../base/caller.ts";
import { GafferError } from "../base/gaffer-error.ts";
import type { Authenticator } from "./gate.ts";
import { allows, type Grants } from "./grants.ts";
import type { KeyRecord, KeyStore } from "./key-store.ts";

/** A key that is to be made. */
export interface KeyWish {
  readonly permissions: Grants;
  /** @defaultValue "" */
  readonly label?: string | undefined;
  /** Id of the key that it goes with. @defaultValue none */
  readonly parent?: string | undefined;
  /** The user who logs in with it. @defaultValue none */
  readonly username?: string | undefined;
}

/** A key that was made: the only time that it is seen. */
export interface MintedKey {
  readonly key: string;
  readonly record: KeyRecord;
}

/** What a {@link Keyring} works with. */
export interface KeyringOptions {
  readonly store: KeyStore;
  /** Time of day in milliseconds. @defaultValue `Date.now` */
  readonly now?: () => number;
  /** How many keys it has at hand without looking into the store. @defaultValue 1000, as gaffer 0.5 */
  readonly cached?: number;
}

const CACHED = 1000;
/** 256 bits: nobody finds one by trying. */
const KEY_BYTES = 32;
const ID_BYTES = 8;
/** Whatever is longer is no key; it is not even hashed. */
const LONGEST_KEY = 256;

const hex = (bytes: number): string => randomBytes(bytes).toString("hex");

/**
 * Whether a text looks like a key and not like an id; what may not stand on a command line.
 *
 * @remarks Keys have 64 hexadecimal digits, ids 16.
 */
export const looksLikeKey = (text: string): boolean => /^[0-9a-f]{64}$/i.test(text);

/**
 * The keys of a daemon: makes them, knows whose they are, takes them back.
 *
 * @remarks A key is found by its SHA-256, so how long a look takes tells nothing of any key. What a {@link Caller} may is looked up each
 * time: of a key that was taken back, nothing.
 */
export class Keyring implements Authenticator {
  readonly #store: KeyStore;
  readonly #now: () => number;
  readonly #cached: number;
  /** Keys at hand by id, the one used longest ago first. */
  readonly #records = new Map<string, KeyRecord>();
  /** Ids by the hash of the key, so that the store is not asked at each request. */
  readonly #ids = new Map<string, string>();
  readonly #listeners = new Set<(keyId: string) => void>();

  constructor({ store, now = Date.now, cached = CACHED }: KeyringOptions) {
    this.#store = store;
    this.#now = now;
    this.#cached = cached;
  }

  /** Ids of the keys at hand. */
  get cached(): readonly string[] {
    return [...this.#records.keys()];
  }

  /**
   * Makes a key.
   *
   * @throws {@link GafferError} `key_not_found` if the parent is not there.
   */
  mint({ permissions, label = "", parent, username }: KeyWish): MintedKey {
    const own = parent === undefined ? undefined : this.get(parent).id;
    const record = { id: hex(ID_BYTES), label, permissions, parent: own, username, created: this.#now() };
    const key = hex(KEY_BYTES);
    this.#store.add({ key, ...record });
    return { key, record };
  }

  /** Whose key this is. An id is no key. */
  callerOf(key: string): Caller | undefined {
    const id = this.#idOf(key);
    if (id === undefined) return undefined;
    return {
      label: `key ${id}`,
      keyId: id,
      may: (permission, target) => {
        const record = this.#record(id);
        return record !== undefined && allows(record.permissions, permission, target);
      },
      onRevoked: (listener) => this.#whenRevoked(id, listener),
    };
  }

  /** Between the look at a key and this, it may have been taken back. */
  #whenRevoked(id: string, listener: () => void): () => void {
    if (this.#record(id) === undefined) {
      listener();
      return () => undefined;
    }
    const end = this.onRevoked((gone) => {
      if (gone !== id) return;
      end();
      listener();
    });
    return end;
  }

  #idOf(key: string): string | undefined {
    if (key.length > LONGEST_KEY) return undefined;
    const hash = new Bun.CryptoHasher("sha256").update(key).digest("hex");
    const known = this.#ids.get(hash);
    if (known !== undefined && this.#record(known) !== undefined) return known;
    const record = this.#store.byKey(key);
    if (record === undefined) return undefined;
    this.#remember(this.#ids, hash, record.id);
    return this.#remember(this.#records, record.id, record).id;
  }

  #record(id: string): KeyRecord | undefined {
    const record = this.#records.get(id) ?? this.#store.byId(id);
    return record && this.#remember(this.#records, id, record);
  }

  /** Puts it last, and lets the first go if they are too many. */
  #remember<Value>(among: Map<string, Value>, name: string, value: Value): Value {
    among.delete(name);
    among.set(name, value);
    const [first] = among.keys();
    if (among.size > this.#cached && first !== undefined) among.delete(first);
    return value;
  }

  /**
   * What is known of a key.
   *
   * @param name - its id, or the key itself.
   * @throws {@link GafferError} `key_not_found`
   */
  get(name: string): KeyRecord {
    const record = this.find(name);
    if (record !== undefined) return record;
    // It may be a key that was mistyped: it is not repeated.
    throw new GafferError("key_not_found", "Cannot find the key: there is none of this id");
  }

  /** The same; undefined if it is not there. */
  find(name: string): KeyRecord | undefined {
    const id = this.#idOf(name);
    return id === undefined ? this.#record(name) : this.#record(id);
  }

  /** All keys, the oldest first. */
  all(): readonly KeyRecord[] {
    return this.#store.all();
  }

  /** Keys that go with this one. */
  children(id: string): readonly KeyRecord[] {
    return this.#store.children(id);
  }

  /** A key and all that go with it, and with those in turn; itself first. */
  family(id: string): readonly KeyRecord[] {
    return this.#store.family(id);
  }

  /** Keys that a user got by logging in, the oldest first. */
  ofUser(username: string): readonly KeyRecord[] {
    return this.#store.ofUser(username);
  }

  /** Takes a key back, and its {@link family}. @returns what was taken back, none if it was not there. */
  revoke(id: string): readonly KeyRecord[] {
    const gone = this.#store.delete(id);
    for (const record of gone) this.#records.delete(record.id);
    for (const record of gone) for (const listener of this.#listeners) listener(record.id);
    return gone;
  }

  /**
   * Tells of each key that is taken back, when it opens nothing any more.
   *
   * @returns ends it.
   */
  onRevoked(listener: (keyId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
