import type { Grants } from "../../src/access/grants.ts";
import { runGaffer } from "./gaffer-run.ts";
import { type Answer, RunningDaemon } from "./running-daemon.ts";

/** TCP asks for a key, the unix socket does not: by that a test sees what is so whatever keys may. */
const INI = `
[endpoint:tcp]
bind = 127.0.0.1:0
require_key = true
cors_origins = https://ops.example

[endpoint:own]
bind = unix:SOCKET
`;

/** Password of the administrator `root`. */
export const ROOT_PASSWORD = "correct horse";

/** A daemon whose TCP endpoint asks for keys, with an administrator. */
export class KeyedDaemon implements AsyncDisposable {
  readonly daemon: RunningDaemon;
  /** The administrator's key. */
  readonly admin: string;

  private constructor(daemon: RunningDaemon, admin: string) {
    this.daemon = daemon;
    this.admin = admin;
  }

  /** Starts one, and makes its administrator while it runs. */
  static async start(args: readonly string[] = []): Promise<KeyedDaemon> {
    const daemon = await RunningDaemon.start({ ini: INI, args });
    try {
      const words = ["daemon", "-c", "gaffer.ini", "--state-dir", "state", "--create-admin-user", "--username", "Root"];
      const { stdout, stderr } = await runGaffer([...words, "--password-file", "-"], {
        cwd: daemon.dir.path,
        input: `${ROOT_PASSWORD}\n`,
      });
      const key = /^username: root\nkey: ([0-9a-f]{64})\n$/.exec(stdout)?.[1];
      if (key === undefined) throw new Error(`no administrator was made:\n${stdout}${stderr}`);
      return new KeyedDaemon(daemon, key);
    } catch (error) {
      await daemon[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The next one in the place of this one, which has ended. */
  async again(): Promise<KeyedDaemon> {
    return new KeyedDaemon(await RunningDaemon.start({ ini: INI, dir: this.daemon.dir }), this.admin);
  }

  /** Sends a request with a key over TCP; undefined = without one. */
  as(key: string | undefined, line: string, body?: unknown): Promise<Answer> {
    return this.daemon.request(line, body, key === undefined ? {} : { headers: { "x-api-key": key } });
  }

  /** Makes a key. */
  async key(permissions: Grants, more: Readonly<Record<string, unknown>> = {}): Promise<{ key: string; id: string }> {
    const { json, text } = await this.as(this.admin, "POST /keys", { permissions, ...more });
    if (typeof json === "object" && json !== null && "api_key" in json && "key" in json) {
      return { key: String(json.api_key), id: String(json.key) };
    }
    throw new Error(`no key was made: ${text}`);
  }

  /** Everything that a refused request must not change: jobs, processes, keys, users. */
  async state(): Promise<string> {
    const parts = [await this.daemon.state()];
    for (const path of ["/keys?include_keys=1", "/users?include_user=1", "/webhooks"]) {
      parts.push((await this.daemon.request(`GET ${path}`, undefined, { over: "unix" })).text);
    }
    return parts.join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemon[Symbol.asyncDispose]();
  }
}
