import type { DaemonClient } from "./daemon-client.ts";

/** What a user is made of. */
export interface UserRequest {
  readonly username: string;
  readonly password: string;
  /** 0 = an admin, 1 = a program. @defaultValue 1 */
  readonly user_type?: number;
  /** The key that a login gives. */
  readonly key?: string;
}

/** A user as a daemon tells of it; never the password. */
export type UserBody = Readonly<Record<string, unknown>> & { readonly username?: string; readonly user_type?: number };

/** The users of a daemon whose endpoints ask for keys; without, every method throws {@link GafferError} of status 404. */
export class Users {
  readonly #client: DaemonClient;

  constructor(client: DaemonClient) {
    this.#client = client;
  }

  /** Names of the users. @throws {@link GafferError} `forbidden` unless our key is an admin's */
  async list(): Promise<readonly string[]> {
    return (await this.#client.json<{ users: string[] }>("/users")).users;
  }

  /** Makes a user. @throws {@link GafferError} `forbidden`, or of status 409 if there is one of that name */
  async create(request: UserRequest): Promise<void> {
    await this.#client.send("/users", { method: "POST", body: request });
  }

  /** What a user is. @throws {@link GafferError} `forbidden`, or of status 404 */
  get(username: string): Promise<UserBody> {
    return this.#client.json<UserBody>(userPath(username));
  }

  /** Forgets a user. @throws {@link GafferError} `forbidden` */
  async delete(username: string): Promise<void> {
    await this.#client.send(userPath(username), { method: "DELETE" });
  }

  /** Gives a user another password. @throws {@link GafferError} `forbidden`, or of status 404 */
  async setPassword(username: string, password: string): Promise<void> {
    await this.#client.send(`${userPath(username)}/password`, { method: "PUT", body: { password } });
  }

  /** Gives a user another key. @throws {@link GafferError} `forbidden`, or of status 404 */
  async setKey(username: string, key: string): Promise<void> {
    await this.#client.send(`${userPath(username)}/key`, { method: "PUT", body: { key } });
  }
}

const userPath = (username: string): string => `/users/${encodeURIComponent(username)}`;
