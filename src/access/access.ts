import { resolve } from "node:path";
import { GafferError } from "../base/gaffer-error.ts";
import { Accounts } from "./accounts.ts";
import { Keyring } from "./keyring.ts";
import { KeyStore } from "./key-store.ts";
import { UserStore } from "./user-store.ts";

/** Where keys and users are kept. */
export interface AccessPlace {
  /** Relative names are relative to this folder; it must be there. */
  readonly folder: string;
  /** @defaultValue `keys.db` */
  readonly keys?: string | undefined;
  /** @defaultValue `auth.db` */
  readonly users?: string | undefined;
}

/** The keys and users of a daemon. */
export class Access implements Disposable {
  readonly keyring: Keyring;
  readonly accounts: Accounts;
  readonly #keys: KeyStore;
  readonly #users: UserStore;

  /** @throws {@link GafferError} `state_unusable` if one of the files can't be used; `usage` if they are one */
  constructor(place: AccessPlace) {
    const [keys, users] = [pathOf(place, place.keys ?? "keys.db"), pathOf(place, place.users ?? "auth.db")];
    if (keys === users && keys !== MEMORY) {
      throw new GafferError("usage", `Cannot keep keys and users in one file "${keys}": they need two`);
    }
    this.#keys = new KeyStore(keys);
    try {
      this.#users = new UserStore(users);
    } catch (error) {
      this.#keys[Symbol.dispose]();
      throw error;
    }
    this.keyring = new Keyring({ store: this.#keys });
    this.accounts = new Accounts({ store: this.#users, keyring: this.keyring });
  }

  [Symbol.dispose](): void {
    this.#keys[Symbol.dispose]();
    this.#users[Symbol.dispose]();
  }
}

const MEMORY = ":memory:";

const pathOf = ({ folder }: AccessPlace, name: string): string => (name === MEMORY ? name : resolve(folder, name));
