import { runGaffer } from "./gaffer-run.ts";
import { type Answer, RunningDaemon } from "./running-daemon.ts";

/** A daemon that serves only who shows a key, and an administrator's key for it. */
export class KeyedDaemon implements AsyncDisposable {
  readonly daemon: RunningDaemon;
  readonly adminKey: string;

  private constructor(daemon: RunningDaemon, adminKey: string) {
    this.daemon = daemon;
    this.adminKey = adminKey;
  }

  static async start(): Promise<KeyedDaemon> {
    const daemon = await RunningDaemon.start({ args: ["--require-key"] });
    const state = ["--state-dir", daemon.dir.file("state")];
    const args = ["daemon", "--create-admin-user", "--username", "root", "--password-file", "-", ...state];
    const { stdout, stderr } = await runGaffer(args, { cwd: daemon.dir.path, input: "correct horse" });
    const key = /key: (\S+)/.exec(stdout)?.[1];
    if (key !== undefined) return new KeyedDaemon(daemon, key);
    await daemon[Symbol.asyncDispose]();
    throw new Error(`no administrator: ${stdout}${stderr}`);
  }

  /** Makes a key. @param permissions - such as `{ read: ["shop.web"] }` */
  async key(permissions: object): Promise<string> {
    const { json, text } = await this.as(this.adminKey, "POST /keys", { permissions });
    if (typeof json === "object" && json !== null && "api_key" in json) return String(json.api_key);
    throw new Error(`no key: ${text}`);
  }

  /** A request of whoever has a key. */
  as(key: string, line: string, body?: unknown): Promise<Answer> {
    return this.daemon.request(line, body, { headers: { "x-api-key": key } });
  }

  /** Everything a refused request must not change. */
  async state(): Promise<string> {
    const [jobs, pids] = [await this.as(this.adminKey, "GET /jobs?full=1"), await this.as(this.adminKey, "GET /pids")];
    return JSON.stringify([jobs.json, pids.json], (key, value: unknown) => (key === "uptime" ? undefined : value));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemon[Symbol.asyncDispose]();
  }
}
