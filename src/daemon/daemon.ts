import { totalmem } from "node:os";
import { Feeds } from "../server/feed.ts";
import { ConsoleOutput } from "../apps/console-output.ts";
import { OutputCleaner } from "../apps/output-cleaner.ts";
import { Control } from "../apps/control/control.ts";
import { daemonRoutes, greetingRoutes } from "../apps/http-api/current/daemon-routes.ts";
import { feedRoutes } from "../apps/http-api/current/feed-routes.ts";
import { jobRoutes } from "../apps/http-api/current/job-routes.ts";
import { keyRoutes } from "../apps/http-api/current/key-routes.ts";
import { logRoutes } from "../apps/http-api/current/log-routes.ts";
import { processRoutes } from "../apps/http-api/current/process-routes.ts";
import { socketRoutes } from "../apps/http-api/current/socket-routes.ts";
import { WebHooks } from "../apps/webhooks/web-hooks.ts";
import { webhookRoutes } from "../apps/http-api/current/webhook-routes.ts";
import { legacyRoutes } from "../apps/http-api/legacy/legacy-routes.ts";
import { HttpApi } from "../apps/http-api/http-api.ts";
import { PluginRunner } from "../apps/plugins/plugin-runner.ts";
import type { PluginSet } from "../apps/plugins/plugin-set.ts";
import { siteRoutes } from "../apps/plugins/site-routes.ts";
import type { Access } from "../access/access.ts";
import { StatsMonitor } from "../apps/stats-monitor.ts";
import type { Endpoint } from "../base/endpoint.ts";
import type { SocketAddress } from "../base/ip-address.ts";
import type { Log } from "../base/log.ts";
import type { DaemonConfig } from "../config/daemon-config.ts";
import { inheritableEnv } from "../host/child-environment.ts";
import { LocalHost } from "../host/local-host.ts";
import { processStats } from "../host/process-stats.ts";
import type { Reactor } from "../host/reactor.ts";
import { SocketOwner } from "../host/socket-owner.ts";
import { StdoutWriter } from "../host/stdout-writer.ts";
import { systemClock } from "../host/system-clock.ts";
import type { App } from "../manager/app.ts";
import { Manager } from "../manager/manager.ts";
import type { Difference } from "../manager/session-difference.ts";
import type { Report } from "../manager/operation.ts";
import type { SpawnJournal, SpawnRecord } from "../manager/spawn-journal.ts";
import { LogFiles } from "../output/log-files.ts";
import { OutputHub } from "../output/output-hub.ts";
import type { DaemonPlan } from "./daemon-plan.ts";

/** What a daemon works with. */
export interface DaemonOptions {
  readonly plan: DaemonPlan;
  readonly config: DaemonConfig;
  readonly log: Log;
  readonly reactor: Reactor;
  readonly version: string;
  readonly cwd: string;
  readonly uid: number;
  /** Loaded, and not yet started. */
  readonly plugins: PluginSet;
  /** Keys and users; undefined = no endpoint asks for a key. */
  readonly access: Access | undefined;
  /** Where what runs is written down. */
  readonly journal: SpawnJournal;
  /** What the last life left running on purpose. */
  readonly detached: readonly SpawnRecord[];
  /** Ends the daemon; called by `POST /shutdown`. */
  readonly shutdown: () => void;
}

/** A manager of this machine's processes with everything that hangs on it. */
export class Daemon {
  readonly manager: Manager;
  readonly #options: DaemonOptions;
  readonly #host: LocalHost;
  readonly #hub: OutputHub;
  readonly #logs: LogFiles;
  readonly #socketOwner = SocketOwner.open();
  readonly #webhooks: WebHooks;
  readonly #api: HttpApi;
  readonly #plugins: PluginRunner;
  /** What the plugins are told, by their names. */
  #settings: DaemonConfig["plugins"] = new Map();
  /** Full names of the jobs that the configuration named when it was last applied. */
  #configured: readonly string[] = [];
  #writer: StdoutWriter | undefined;

  constructor(options: DaemonOptions) {
    this.#options = options;
    const { config, reactor, log, plugins } = options;
    const onError = (error: unknown): void => {
      if (!plugins.take(error, "in a listener")) log.error(error);
    };
    this.#hub = new OutputHub({
      memoryBytes: config.outputMemoryBytes,
      keptBytes: config.outputBufferBytes,
      onError,
    });
    this.#logs = new LogFiles({ onProblem: (message) => log.warn(message) });
    this.#host = new LocalHost({
      reactor,
      openOutput: (request, label) => {
        const target = request.logs[label];
        return this.#hub.open(request, label, target && this.#logs.open(target));
      },
      journal: options.journal,
      detached: options.detached,
      onTrouble: (error) => log.warn(error.message),
    });
    this.manager = new Manager({
      host: this.#host,
      clock: systemClock,
      env: inheritableEnv(process.env),
      cwd: options.cwd,
      onError,
    });
    const epoch = crypto.randomUUID().slice(0, 8);
    this.#webhooks = new WebHooks({
      clock: systemClock,
      warn: (text) => log.warn(text),
      info: (text) => log.info(text),
      userAgent: `gaffer/${options.version}`,
      epoch,
    });
    this.#api = this.#makeApi(epoch);
    this.#plugins = new PluginRunner({
      set: plugins,
      log,
      settingsOf: (name) => this.#settings.get(name),
      addRoutes: (routes) => this.#api.addRoutes(routes),
    });
  }

  #makeApi(epoch: string): HttpApi {
    const { plan, log, version, uid, shutdown, plugins } = this.#options;
    const [manager, output, feeds] = [this.manager, this.#hub, new Feeds()];
    const control = new Control({
      manager,
      output,
      webhooks: this.#webhooks,
      access: this.#options.access,
      stats: processStats,
      totalMemoryBytes: totalmem(),
      plugins: () => plugins.list(),
      shutdown,
    });
    const controlled = [...daemonRoutes, ...jobRoutes, ...processRoutes, ...webhookRoutes, ...keyRoutes].map((route) =>
      route(control),
    );
    const ports = { manager, output, feeds, epoch };
    const onError = (error: unknown): void => log.error(error);
    const sample = { manager, clock: systemClock, stats: processStats, totalMemoryBytes: totalmem() };
    const monitor = new StatsMonitor({ ...sample, onError });
    const sockets = socketRoutes({ manager, output, monitor, control, onError });
    const legacy = legacyRoutes({ ...ports, control, watcher: monitor });
    const always = [
      ...greetingRoutes(version),
      ...feedRoutes(ports),
      ...logRoutes(ports),
      ...sockets,
      ...legacy,
      ...controlled,
    ];
    const routes = [...always, ...siteRoutes(plugins.dirs)];
    const owner = this.#socketOwner;
    const ownerOf = owner && ((peer: SocketAddress, own: SocketAddress) => owner.ownerOf(peer, own));
    return new HttpApi({
      endpoints: plan.endpoints,
      routes,
      feeds,
      version,
      uid,
      ownerOf,
      authenticator: this.#options.access?.keyring,
      onError,
    });
  }

  /** Where it listens. */
  get endpoints(): readonly Endpoint[] {
    return this.#api.endpoints;
  }

  /**
   * Listens, then starts the jobs.
   *
   * @throws {@link GafferError} `port_busy`, or what keeps the jobs from being taken; nothing has been started then.
   */
  async start(): Promise<void> {
    await this.#api.open();
    this.#settings = this.#options.config.plugins;
    const apps = [new OutputCleaner(this.#hub), this.#plugins, this.#webhooks, this.#api];
    await this.manager.start([...this.#console(), ...apps]);
    this.apply(this.#options.config);
    const unclaimed = await this.#host.stopUnclaimed();
    if (unclaimed.length > 0) {
      this.#options.log.info(`stopped what no job claims any more: ${unclaimed.join(", ")}`);
    }
  }

  /** Makes the jobs and webhooks of the configuration what it says, and touches no other. */
  apply(config: DaemonConfig): Difference {
    const applyJobs = () => this.manager.applyJobs(this.#configured, config.jobs);
    const { result } = this.#webhooks.apply(config.webhooks, applyJobs);
    this.#configured = [...result.unchanged, ...result.changed, ...result.added];
    this.#settings = config.plugins;
    return result;
  }

  /** Takes over certificates that have changed. @returns the endpoints they are of. @throws {@link GafferError} `port_busy` */
  renewTls(plan: DaemonPlan): readonly Endpoint[] {
    return this.#api.renewTls(plan.endpoints);
  }

  /** Tells the plugins that the configuration was read again. */
  restartPlugins(): Promise<void> {
    return this.#plugins.restart();
  }

  /** `-v` shows on stdout what happens, `-vv` what the processes say, too. */
  #console(): App[] {
    const { plan, reactor } = this.#options;
    if (plan.verbose === 0) return [];
    // Whoever reads our stdout slowly must not hold up a child.
    const unpaused = {
      watchWritable: reactor.watchWritable.bind(reactor),
      pause: () => undefined,
      resume: () => undefined,
    };
    this.#writer = new StdoutWriter({ reactor: unpaused });
    return [
      new ConsoleOutput({ hub: this.#hub, writer: this.#writer, outputStreams: plan.verbose > 1, colorize: false }),
    ];
  }

  /** Stops everything; then the last events go to the webhooks, and the API ends. */
  stop(): Promise<Report> {
    return this.manager.stop();
  }

  /** Kills everything now; a stop under way then ends at once. */
  kill(): void {
    this.manager.destroy();
    this.#webhooks.kill();
  }

  /** Opens every log file anew. */
  reopenLogs(): void {
    this.#logs.reopen();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.manager.stop();
    await this.#api.stop();
    await this.#writer?.[Symbol.asyncDispose]();
    await this.#host[Symbol.asyncDispose]();
    await this.#logs[Symbol.asyncDispose]();
    this.#socketOwner?.[Symbol.dispose]();
  }
}
