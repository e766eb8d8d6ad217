import type { KeyBody } from "../wire/key-body.ts";
import { type DaemonClient, pathOf } from "./daemon-client.ts";

/** What a key allows; what is left out it does not. */
export interface KeyPermissions {
  readonly admin?: boolean;
  readonly create_key?: boolean;
  readonly create_user?: boolean;
  /** Sessions and jobs that may be managed; `*` = all. Managing includes writing and reading. */
  readonly manage?: readonly string[];
  /** Whose processes may be written to; writing includes reading. */
  readonly write?: readonly string[];
  readonly read?: readonly string[];
}

/** What a key is made of. */
export interface KeyRequest {
  readonly permissions?: KeyPermissions;
  readonly label?: string;
  /** Key that it is taken back with, or its id. @defaultValue the one that makes it; none if that is an admin's */
  readonly parent?: string;
}

/** A key that was just made. */
export interface NewKey {
  /** The key itself: nobody is told it again. */
  readonly api_key: string;
  /** Its id, by which it is spoken of. */
  readonly key: string;
}

/**
 * The keys of a daemon.
 *
 * @remarks Every method throws {@link GafferError} `forbidden` if our own key does not allow it, and of status 404 where no endpoint asks
 * for keys. A key is named by its id or by itself.
 */
export class Keys {
  readonly #client: DaemonClient;

  constructor(client: DaemonClient) {
    this.#client = client;
  }

  /** Ids of the keys. */
  async list(): Promise<readonly string[]> {
    return (await this.#client.json<{ keys: string[] }>("/keys")).keys;
  }

  /** What is known of each key. */
  async infos(): Promise<readonly KeyBody[]> {
    return (await this.#client.json<{ keys: KeyBody[] }>("/keys", { query: { include_keys: true } })).keys;
  }

  /** Makes a key, a child of our own. */
  create(request: KeyRequest = {}): Promise<NewKey> {
    return this.#client.json<NewKey>("/keys", { method: "POST", body: request });
  }

  /** What is known of a key, and of those that go with it. @throws {@link GafferError} `key_not_found` */
  get(key: string): Promise<KeyBody> {
    return this.#client.json<KeyBody>(pathOf("keys", key), { query: { include_keys: true } });
  }

  /** Takes a key back, with all that go with it. @returns their ids @throws {@link GafferError} `key_not_found` */
  async delete(key: string): Promise<readonly string[]> {
    return (await this.#client.json<{ keys: string[] }>(pathOf("keys", key), { method: "DELETE" })).keys;
  }
}
