import { Manager } from "../manager/manager.ts";
import type { ProcessInfo } from "../manager/job-status.ts";
import type { Report } from "../manager/operation.ts";
import { OutputHub } from "../output/output-hub.ts";
import { inheritableEnv } from "./child-environment.ts";
import { EmbeddedProcess } from "./embedded-process.ts";
import { LocalHost } from "./local-host.ts";
import { openReactor } from "./open-reactor.ts";
import { type ProcessStats, processStats } from "./process-stats.ts";
import { ProcessWatcher } from "./process-watcher.ts";
import type { Reactor } from "./reactor.ts";
import { systemClock } from "./system-clock.ts";

/** How a program embeds gaffer; each setting has the default of `gaffer` itself. */
export interface EmbeddingOptions {
  /** Environment jobs inherit. @defaultValue the program's own, less what is not for children */
  readonly env?: Readonly<Record<string, string>>;
  /** Folder of jobs that name none. @defaultValue the program's own */
  readonly cwd?: string;
  /** Told of what went wrong inside: a listener or an app that threw. @defaultValue thrown, outside of any command */
  readonly onError?: (error: unknown) => void;
}

function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

/**
 * A manager of this machine's processes, ready to use in a program of your own.
 *
 * @example
 * ```ts
 * const manager = new Manager();
 * await manager.start();
 * manager.events.subscribe("exit", (_, event) => console.log(event.name, event.reason));
 * manager.load({ name: "shop.web", cmd: "node server.js", numprocesses: 2 });
 * manager.scale("shop.web", "+2");
 * await manager.stop();
 * ```
 */
export class EmbeddedManager extends Manager implements AsyncDisposable {
  /** What the processes say. */
  readonly output: OutputHub;
  /** What the processes use, for those who listen. */
  readonly watcher: ProcessWatcher = new ProcessWatcher();
  readonly #host: LocalHost;
  readonly #reactor: Reactor;
  #released: Promise<void> | undefined;

  constructor(options: EmbeddingOptions = {}) {
    const { env = inheritableEnv(process.env), cwd = process.cwd(), onError = throwLater } = options;
    const output = new OutputHub({ onError });
    const reactor = openReactor();
    const host = new LocalHost({ reactor, openOutput: (request, label) => output.open(request, label) });
    super({ host, clock: systemClock, env, cwd, onError });
    this.output = output;
    this.#host = host;
    this.#reactor = reactor;
  }

  /** A process to talk to. @throws {@link GafferError} `process_not_found` */
  process(id: number): EmbeddedProcess {
    const info: ProcessInfo = this.getProcess(id);
    return new EmbeddedProcess(this, info);
  }

  /** Stops every job, then the apps, then lets go of the machine: the program may end by itself afterwards. */
  override async stop(callback?: (report: Report) => void): Promise<Report> {
    const report = await super.stop();
    this.#released ??= this.#release();
    await this.#released;
    callback?.(report);
    return report;
  }

  /** What the processes of a job use, by the job's processes in order of their numbers; those that run. */
  async stats(name: string): Promise<ProcessStats[]> {
    const osPids = this.list(name).flatMap(({ osPid, active }) => (active ? (osPid ?? []) : []));
    const stats = await processStats(osPids);
    return osPids.flatMap((osPid) => stats.get(osPid) ?? []);
  }

  async #release(): Promise<void> {
    this.watcher.stop();
    await this.#host[Symbol.asyncDispose]();
    await this.#reactor[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
