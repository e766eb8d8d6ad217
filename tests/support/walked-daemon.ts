import { runGaffer } from "./gaffer-run.ts";
import { PluginDir } from "./plugin-dir.ts";
import { type Answer, RunningDaemon } from "./running-daemon.ts";

/** What the paths, queries and bodies of one visit may name, all of it being there. */
export interface Place {
  readonly session: string;
  readonly job: string;
  /** `session.job`. */
  readonly name: string;
  readonly pid: number;
  readonly key: string;
  readonly username: string;
  /** URL of a webhook on the event `exit`. */
  readonly url: string;
}

/** Says something again and again, and never reads what it could. */
const TALKER = {
  cmd: "while :; do echo tick; sleep 0.05; done",
  shell: true,
  redirect_input: true,
  custom_streams: ["aux"],
};

/** A daemon that asks for keys everywhere, with an administrator and the site of a plugin. */
export class WalkedDaemon implements AsyncDisposable {
  readonly daemon: RunningDaemon;
  readonly #plugins: PluginDir;
  #key = "";
  #places = 0;

  private constructor(daemon: RunningDaemon, plugins: PluginDir) {
    this.daemon = daemon;
    this.#plugins = plugins;
  }

  /** Starts one. */
  static async start(): Promise<WalkedDaemon> {
    const plugins = new PluginDir({ "pages/_site/index.html": "<p>hello</p>" });
    const daemon = await RunningDaemon.start({ args: ["--require-key", "--plugin-dir", plugins.path] });
    const walked = new WalkedDaemon(daemon, plugins);
    try {
      walked.#key = await walked.#makeAdmin();
      return walked;
    } catch (error) {
      await walked[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #makeAdmin(): Promise<string> {
    const { dir } = this.daemon;
    dir.write("password", "a password of some length\n");
    const own = ["--state-dir", dir.file("state"), "--username", "walker", "--password-file", dir.file("password")];
    const end = await runGaffer(["daemon", "--create-admin-user", ...own], { cwd: dir.path });
    const key = /^key: (\S+)$/m.exec(end.stdout)?.[1];
    if (key === undefined) throw new Error(`no key was made: ${end.stdout}${end.stderr}`);
    return key;
  }

  /** What an administrator sends. */
  get headers(): Readonly<Record<string, string>> {
    return { "x-api-key": this.#key };
  }

  /** Name and password of the administrator, as HTTP Basic has them. */
  get login(): Readonly<Record<string, string>> {
    return { authorization: `Basic ${btoa("walker:a password of some length")}` };
  }

  /** Asks as administrator. @throws if it is refused */
  async ask(line: string, body?: unknown): Promise<Answer> {
    const answer = await this.daemon.request(line, body, { headers: this.headers });
    if (answer.status >= 300) throw new Error(`${line}: ${answer.status} ${answer.text}`);
    return answer;
  }

  /** Makes a job that runs, a key, a webhook and, as a password takes its time, a user only if that is needed. */
  async makePlace(needsUser: boolean): Promise<Place> {
    const session = `w${++this.#places}`;
    await this.ask(`POST /jobs/${session}?wait=20`, { name: "a", ...TALKER });
    const { json } = await this.ask(`GET /jobs/${session}/a/pids`);
    const pid = Number(Object(json).pids[0]);
    const key = String(Object((await this.ask("POST /keys", { permissions: {} })).json).key);
    const username = `${session}user`;
    if (needsUser) await this.ask("POST /users", { username, password: "another password" });
    const url = `http://127.0.0.1:9/${session}`;
    await this.ask("POST /webhooks", { event: "exit", url });
    return { session, job: "a", name: `${session}.a`, pid, key, username, url };
  }

  /** Takes the job of a place and its webhook away, if they are there still. */
  async clear({ session, url }: Place): Promise<void> {
    const query = `event=exit&url=${encodeURIComponent(url)}`;
    for (const line of [`DELETE /sessions/${session}?wait=20`, `DELETE /webhooks?${query}`]) {
      const { status, text } = await this.daemon.request(line, undefined, { headers: this.headers });
      if (status >= 300 && status !== 404) throw new Error(`${line}: ${status} ${text}`);
    }
  }

  /** All that a refused request must not change, and the number of the last event. */
  async state(): Promise<string> {
    const paths = ["/jobs?full=1", "/pids", "/keys?include_keys=1", "/users?include_user=1", "/webhooks", "/plugins"];
    const answers: unknown[] = [];
    for (const path of paths) answers.push((await this.ask(`GET ${path}`)).json);
    answers.push(await this.#lastEvent());
    return JSON.stringify(answers, (key, value: unknown) => (key === "uptime" ? undefined : value), 1);
  }

  async #lastEvent(): Promise<string> {
    const abort = new AbortController();
    const response = await this.daemon.fetch("/events", { headers: this.headers, signal: abort.signal });
    let text = "";
    for await (const chunk of response.body ?? []) {
      text += new TextDecoder().decode(chunk);
      if (/id: .*\n\n/.test(text)) break;
    }
    abort.abort();
    return /id: (.*)/.exec(text)?.[1] ?? "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemon[Symbol.asyncDispose]();
    this.#plugins[Symbol.dispose]();
  }
}
