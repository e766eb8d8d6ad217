import { RunningGaffer } from "./running-gaffer.ts";
import { TempDir } from "./temp-dir.ts";
import { waitFor } from "./wait-for.ts";

/** An answer, read whole. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The text as JSON; the text itself where it is none. */
  readonly json: unknown;
}

/** How a request is sent. */
export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** @defaultValue `"tcp"` */
  readonly over?: "tcp" | "unix";
  readonly signal?: AbortSignal;
}

/** How a daemon is started. */
export interface DaemonStart {
  /** More arguments of `gaffer daemon`. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where it listens besides its unix socket. @defaultValue `127.0.0.1:0` */
  readonly tcp?: string;
  /** Its configuration, which then says where it listens; `SOCKET` stands for the unix socket. @defaultValue none */
  readonly ini?: string;
  /** Where an earlier one lived. @defaultValue a folder of its own */
  readonly dir?: TempDir;
}

/** A `gaffer daemon` on a port and a unix socket of its own, in a folder of its own. */
export class RunningDaemon implements AsyncDisposable {
  readonly gaffer: RunningGaffer;
  readonly dir: TempDir;
  readonly socket: string;
  /** `127.0.0.1:PORT`, as it says itself. */
  host = "";
  port = 0;

  private constructor(dir: TempDir, { args = [], env = {}, tcp = "127.0.0.1:0", ini }: DaemonStart) {
    this.dir = dir;
    this.socket = dir.file("g.sock");
    const config = ini === undefined ? undefined : dir.write("gaffer.ini", ini.replaceAll("SOCKET", this.socket));
    const binds = config === undefined ? ["--bind", tcp, "--bind", `unix:${this.socket}`] : ["-c", config];
    const own = [...binds, "--state-dir", dir.file("state")];
    this.gaffer = new RunningGaffer(["daemon", ...own, ...args], { cwd: dir.path, env });
  }

  /** Starts one, and waits until it listens. */
  static async start(options: DaemonStart = {}): Promise<RunningDaemon> {
    const daemon = new RunningDaemon(options.dir ?? new TempDir(), options);
    try {
      const [, host = "", port = ""] = await daemon.logged(/listening on (\S+:(\d+))\n/);
      await daemon.logged(/listening on unix:/);
      [daemon.host, daemon.port] = [host, Number(port)];
      return daemon;
    } catch (error) {
      await daemon[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Waits until its log matches, and gives the match. */
  async logged(pattern: RegExp): Promise<RegExpExecArray> {
    let found: RegExpExecArray | null = null;
    await waitFor(
      () => (found = pattern.exec(this.gaffer.stderr)) !== null || this.gaffer.child.exitCode !== null,
      () => `${pattern} in:\n${this.gaffer.stderr}`,
    );
    if (found === null) throw new Error(`it ended with ${this.gaffer.child.exitCode}:\n${this.gaffer.stderr}`);
    return found;
  }

  /** Sends a request and gives its answer, the body still to be read. */
  fetch(path: string, init: BunFetchRequestInit = {}, over: "tcp" | "unix" = "tcp"): Promise<Response> {
    const target = over === "tcp" ? `http://${this.host}${path}` : `http://localhost${path}`;
    return fetch(target, { ...init, ...(over === "unix" ? { unix: this.socket } : {}) });
  }

  /**
   * Sends one request, such as `GET /jobs`, and reads its answer.
   *
   * @param body - text and bytes go as they are, anything else as JSON.
   */
  async request(line: string, body?: unknown, options: RequestOptions = {}): Promise<Answer> {
    const method = line.slice(0, line.indexOf(" "));
    const path = line.slice(line.indexOf(" ") + 1);
    const { headers = {}, over, signal } = options;
    const init: BunFetchRequestInit = { method, headers: { ...headers }, ...(signal === undefined ? {} : { signal }) };
    if (body !== undefined) init.body = bodyOf(body);
    const response = await this.fetch(path, init, over);
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parsed(text) };
  }

  /** Everything a refused request must not change: jobs, how they stand, and which processes there are. */
  async state(): Promise<string> {
    const { json } = await this.request("GET /jobs?full=1", undefined, { over: "unix" });
    const pids = await this.request("GET /pids", undefined, { over: "unix" });
    return JSON.stringify([json, pids.json], (key, value: unknown) => (key === "uptime" ? undefined : value));
  }

  /** Waits until what a path answers matches. */
  async until(path: string, pattern: RegExp): Promise<void> {
    const limit = Date.now() + 20_000;
    for (;;) {
      const { text } = await this.request(`GET ${path}`);
      if (pattern.test(text)) return;
      if (Date.now() > limit) throw new Error(`never came: ${pattern} of ${path}, last ${text}`);
      await Bun.sleep(5);
    }
  }

  /** Waits for its orderly end; its whole log comes with it. */
  async stopped(signal: NodeJS.Signals = "SIGTERM"): Promise<{ code: number | null; log: string }> {
    const { code } = await this.gaffer.stop(signal);
    return { code, log: this.gaffer.stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gaffer[Symbol.asyncDispose]();
    this.dir[Symbol.dispose]();
  }
}

function bodyOf(body: unknown): string | Uint8Array<ArrayBuffer> {
  if (typeof body === "string") return body;
  return body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
