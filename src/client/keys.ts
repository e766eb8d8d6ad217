import type { DaemonClient } from "./daemon-client.ts";

/** What a key allows. */
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
  readonly permissions: KeyPermissions;
  readonly label?: string;
}

/** A key as a daemon tells of it; never the key itself. */
export type KeyBody = Readonly<Record<string, unknown>> & {
  readonly label?: string;
  readonly permissions?: KeyPermissions;
};

/** The keys of a daemon whose endpoints ask for them; without, every method throws {@link GafferError} of status 404. */
export class Keys {
  readonly #client: DaemonClient;

  constructor(client: DaemonClient) {
    this.#client = client;
  }

  /** Names of the keys. @throws {@link GafferError} `forbidden` unless ours is an admin's */
  async list(): Promise<readonly string[]> {
    return (await this.#client.json<{ keys: string[] }>("/keys")).keys;
  }

  /** The keys with what they allow. @throws {@link GafferError} `forbidden` unless ours is an admin's */
  async all(): Promise<readonly KeyBody[]> {
    return (await this.#client.json<{ keys: KeyBody[] }>("/keys", { query: { include_keys: "true" } })).keys;
  }

  /** Makes a key. @returns the key, which nobody is told again @throws {@link GafferError} `forbidden` if ours may not */
  async create(request: KeyRequest): Promise<string> {
    const answer = await this.#client.json<{ api_key: string }>("/keys", { method: "POST", body: request });
    return answer.api_key;
  }

  /** What a key is. @throws {@link GafferError} `forbidden`, or of status 404 */
  get(key: string): Promise<KeyBody> {
    return this.#client.json<KeyBody>(`/keys/${encodeURIComponent(key)}`);
  }

  /** Takes a key back, and those that were made with it. @throws {@link GafferError} `forbidden` */
  async delete(key: string): Promise<void> {
    await this.#client.send(`/keys/${encodeURIComponent(key)}`, { method: "DELETE" });
  }
}
