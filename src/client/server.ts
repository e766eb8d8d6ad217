import { type Endpoint, parseEndpoint } from "../base/endpoint.ts";
import { GafferError } from "../base/gaffer-error.ts";
import { fullName, parseJobName } from "../base/job-name.ts";
import type { JobBody } from "../wire/job-body.ts";
import type { JobRequest } from "../wire/job-request.ts";
import type { Change, ChangeOptions } from "./change.ts";
import type { ClientTls } from "./client-tls.ts";
import { DaemonClient, pathOf } from "./daemon-client.ts";
import { type EventChoice, EventStream } from "./event-stream.ts";
import { GafferSocket, type GafferSocketOptions } from "./gaffer-socket.ts";
import { Job } from "./job.ts";
import { Keys } from "./keys.ts";
import { RemoteProcess } from "./remote-process.ts";
import { Users } from "./users.ts";

/** How a daemon is talked to. */
export interface ServerOptions {
  /** Sent with every request. */
  readonly apiKey?: string | undefined;
  /** Certificates, for an endpoint that begins with `https://`. */
  readonly tls?: ClientTls | undefined;
}

/** How a job is loaded. */
export interface LoadOptions extends ChangeOptions {
  /** Session of a name that holds none. @defaultValue `"default"` */
  readonly session?: string | undefined;
  /** Whether it is started. @defaultValue what its settings say, and else it is */
  readonly start?: boolean | undefined;
  /** Gives a job that is there already these settings. @defaultValue false: `job_exists` */
  readonly force?: boolean | undefined;
}

/** The daemon where nobody says another. */
const DEFAULT_ADDRESS = "http://127.0.0.1:5000";

/**
 * A daemon, to be steered by a program: over TCP, TLS or a unix socket.
 *
 * @remarks Every method throws {@link GafferError}: `daemon_unreachable` if nobody answers, else the daemon's own code, whose `status` is that of
 * HTTP: 400, 401 `unauthorized`, 403 `forbidden`, 404 (`job_not_found` …), 409 (`job_exists` …).
 * @see gaffer 0.5 `gaffer/httpclient`, whose names these are
 */
export class Server {
  #client: DaemonClient;

  /**
   * @param address - `http://host:port`, `https://host:port`, `unix:/path`, or a client that is there already.
   * @throws {@link GafferError} `usage` if it is none of these.
   */
  constructor(address: string | Endpoint | DaemonClient = DEFAULT_ADDRESS, options: ServerOptions = {}) {
    this.#client =
      address instanceof DaemonClient
        ? address
        : new DaemonClient({
            endpoint: typeof address === "string" ? parseEndpoint(address, "address") : address,
            ...options,
          });
  }

  /** What sends the requests: for routes that have no method here. */
  get client(): DaemonClient {
    return this.#client;
  }

  /** Where it is. */
  get endpoint(): Endpoint {
    return this.#client.endpoint;
  }

  /** Version of the daemon. */
  async version(): Promise<string> {
    return (await this.#client.json<{ version: string }>("/version")).version;
  }

  /** Asks for a sign of life. */
  async ping(): Promise<void> {
    await this.#client.send("/ping");
  }

  /** Names of the sessions, in load order. */
  async sessions(): Promise<readonly string[]> {
    return (await this.#client.json<{ sessions: string[] }>("/sessions")).sessions;
  }

  /** Full names of the jobs, in load order. @throws {@link GafferError} `session_not_found` */
  async jobs(session?: string): Promise<readonly string[]> {
    const path = session === undefined ? "/jobs" : pathOf("jobs", session);
    return (await this.#client.json<{ jobs: string[] }>(path)).jobs;
  }

  /** How every job stands, in load order. */
  async infos(): Promise<readonly JobBody[]> {
    return (await this.#client.json<{ jobs: JobBody[] }>("/jobs", { query: { full: true } })).jobs;
  }

  /** Visits each job, in load order; each visit ends before the next begins. */
  async jobsWalk(visit: (job: Job) => unknown, session?: string): Promise<void> {
    for (const name of await this.jobs(session)) await visit(this.job(name));
  }

  /** Whether a job of this name is loaded. */
  async jobExists(name: string, session?: string): Promise<boolean> {
    try {
      await this.#client.send(this.job(name, session).path, { method: "HEAD" });
      return true;
    } catch (error) {
      if (error instanceof GafferError && error.status === 404) return false;
      throw error;
    }
  }

  /** A job by its name; nobody is asked whether it is there. @throws {@link GafferError} `job_invalid` */
  job(name: string, session?: string): Job {
    return new Job(this.#client, name, session);
  }

  /** A job that is loaded. @throws {@link GafferError} `job_not_found`, `job_invalid` */
  async getJob(name: string, session?: string): Promise<Job> {
    const job = this.job(name, session);
    await job.info();
    return job;
  }

  /** Takes a job in, and starts it unless it says otherwise. @throws {@link GafferError} `job_exists`, `job_invalid` */
  async load(settings: JobRequest, { session, start, force = false, wait }: LoadOptions = {}): Promise<Job> {
    const parsed = parseJobName(settings.name, session);
    const body = { ...settings, name: parsed.job, ...(start === undefined ? {} : { start }) };
    const job = this.job(fullName(parsed));
    try {
      await this.#client.send(pathOf("jobs", parsed.session), { method: "POST", body, wait });
    } catch (error) {
      if (!force || !(error instanceof GafferError) || error.code !== "job_exists") throw error;
      await job.update(body, { wait });
    }
    return job;
  }

  /** Stops a job and forgets it. @throws {@link GafferError} `job_not_found` */
  unload(name: string, { session, ...options }: ChangeOptions & { readonly session?: string } = {}): Promise<Change> {
    return this.job(name, session).unload(options);
  }

  /** Replaces all processes of a job at once. @throws {@link GafferError} `job_not_found` */
  reload(name: string, { session, ...options }: ChangeOptions & { readonly session?: string } = {}): Promise<Change> {
    return this.job(name, session).reload(options);
  }

  /** gaffer's numbers of all processes, committed ones included. */
  async pids(): Promise<readonly number[]> {
    return (await this.#client.json<{ pids: number[] }>("/pids")).pids;
  }

  /** A process that lives. @throws {@link GafferError} `process_not_found` */
  async getProcess(pid: number): Promise<RemoteProcess> {
    const found = new RemoteProcess(this.#client, pid);
    await found.info();
    return found;
  }

  /** What happens, to be walked by `for await`. */
  events(choice?: EventChoice): EventStream {
    return new EventStream(this.#client, choice);
  }

  /** Opens a websocket for commands and topics. */
  socket(options?: GafferSocketOptions): Promise<GafferSocket> {
    return GafferSocket.open(this.#client, options);
  }

  /**
   * Logs in: the user's key goes with every request from now on.
   *
   * @returns the key.
   * @throws {@link GafferError} `unauthorized` if name or password are wrong; of status 404 if this daemon asks for no keys.
   */
  async authenticate(username: string, password: string): Promise<string> {
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
    const { api_key: key } = await this.#client.json<{ api_key: string }>("/auth", { headers: { authorization } });
    this.#client = this.#client.withKey(key);
    return key;
  }

  /** Its keys. */
  get keys(): Keys {
    return new Keys(this.#client);
  }

  /** Its users. */
  get users(): Users {
    return new Users(this.#client);
  }

  /** Stops every job, then the daemon. */
  async shutdown(): Promise<void> {
    await this.#client.send("/shutdown", { method: "POST" });
  }
}
