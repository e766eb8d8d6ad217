import type { UserBody } from "../wire/key-body.ts";
import { type DaemonClient, pathOf } from "./daemon-client.ts";

/** What a user is made of. */
export interface UserRequest {
  readonly username: string;
  readonly password: string;
  /** 0 = an administrator, 1 = an application. @defaultValue 1 */
  readonly user_type?: 0 | 1;
  /** The key, or for administrators its id, by which the user's logins are. */
  readonly key?: string;
  /** Whatever else is to be kept of the user. */
  readonly [extra: string]: unknown;
}

/**
 * The users of a daemon.
 *
 * @remarks Every method throws {@link GafferError} `forbidden` if our own key does not allow it, and of status 404 where no endpoint asks
 * for keys, or there is no such user.
 */
export class Users {
  readonly #client: DaemonClient;

  constructor(client: DaemonClient) {
    this.#client = client;
  }

  /** Names of the users. */
  async list(): Promise<readonly string[]> {
    return (await this.#client.json<{ users: string[] }>("/users")).users;
  }

  /** What is known of each user; never a password. */
  async infos(): Promise<readonly UserBody[]> {
    return (await this.#client.json<{ users: UserBody[] }>("/users", { query: { include_user: true } })).users;
  }

  /** Makes a user. @throws {@link GafferError} of status 409 if there is one of that name */
  create(request: UserRequest): Promise<UserBody> {
    return this.#client.json<UserBody>("/users", { method: "POST", body: request });
  }

  /** What is known of a user. */
  get(username: string): Promise<UserBody> {
    return this.#client.json<UserBody>(pathOf("users", username));
  }

  /** Changes a user: the password, and what else is given. */
  async update(username: string, change: Omit<UserRequest, "username">): Promise<void> {
    await this.#client.send(pathOf("users", username), { method: "PUT", body: change });
  }

  /** Takes a user away; the keys stay. */
  async delete(username: string): Promise<void> {
    await this.#client.send(pathOf("users", username), { method: "DELETE" });
  }

  /** Gives a user another password. */
  async setPassword(username: string, password: string): Promise<void> {
    await this.#client.send(pathOf("users", username, "password"), { method: "PUT", body: { password } });
  }

  /** Gives a user another key. */
  async setKey(username: string, key: string): Promise<void> {
    await this.#client.send(pathOf("users", username, "key"), { method: "PUT", body: { key } });
  }
}
