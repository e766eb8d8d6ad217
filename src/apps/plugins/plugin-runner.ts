import type { PluginSettings } from "../../config/config-plugins.ts";
import type { App } from "../../manager/app.ts";
import type { Manager } from "../../manager/manager.ts";
import type { Route } from "../../server/route.ts";
import { inTime } from "./patience.ts";
import type { PluginLog } from "./plugin-log.ts";
import { findPlugins } from "./plugin-folders.ts";
import { isPluginApp } from "./plugin-modules.ts";
import type { PluginRecord } from "./plugin-record.ts";
import { pluginRoutes } from "./plugin-routes.ts";
import type { PluginSet } from "./plugin-set.ts";

/** How long a plugin that starts may hold up the jobs, in milliseconds; then it starts beside them. */
const START_PATIENCE_MS = 2_000;
/** How long one may take to put away what it has, in milliseconds. */
const STOP_PATIENCE_MS = 5_000;

/** What a {@link PluginRunner} works with. */
export interface PluginRunnerOptions {
  readonly set: PluginSet;
  readonly log: PluginLog;
  /** What `[plugin:NAME]` says now. */
  readonly settingsOf: (name: string) => PluginSettings | undefined;
  /** Adds routes to the HTTP API. @throws {@link GafferError} if one of them is there already */
  readonly addRoutes: (routes: readonly Route[]) => void;
  /** How long one is waited for. @defaultValue 2000 for its start, 5000 for its end */
  readonly patienceMs?: number;
}

/** The application that runs those of the plugins. What goes wrong in one of them stays with it. */
export class PluginRunner implements App {
  readonly #options: PluginRunnerOptions;

  constructor(options: PluginRunnerOptions) {
    this.#options = options;
  }

  /** Starts them, each after the ones it needs. */
  async start(manager: Manager): Promise<void> {
    for (const record of this.#options.set.inOrder()) await this.#startOne(record, manager);
  }

  /** Stops them in reverse order. */
  async stop(): Promise<void> {
    for (const record of this.#options.set.inOrder().toReversed()) {
      const { app } = record;
      if (app === undefined) continue;
      await this.#wait(record, "to stop", async () => app.stop());
      if (record.state !== "failed") record.state = "stopped";
    }
  }

  /** Tells them that the configuration was read again. Code is never loaded anew: a plugin that came or changed needs a new start. */
  async restart(): Promise<void> {
    this.#tellNew();
    for (const record of this.#options.set.inOrder()) {
      const { app } = record;
      if (record.state !== "running" || app?.restart === undefined) continue;
      await this.#wait(record, "to restart", async () => app.restart?.(this.#settingsOf(record)));
    }
  }

  #tellNew(): void {
    const { set, log } = this.#options;
    const known = new Set(set.records.map(({ folder }) => folder.path));
    for (const { path, code } of findPlugins(set.dirs)) {
      if (code !== undefined && !known.has(path))
        log.warn(`${path} is a new plugin: its code is loaded at the next start`);
    }
  }

  async #startOne(record: PluginRecord, manager: Manager): Promise<void> {
    record.state = "starting";
    const work = this.#begin(record, manager).catch((error: unknown) => record.fail("to start", error));
    if (await inTime(work, this.#options.patienceMs ?? START_PATIENCE_MS)) return;
    this.#options.log.warn(`plugin ${JSON.stringify(record.name)} is still starting; the daemon goes on`);
  }

  async #begin(record: PluginRecord, manager: Manager): Promise<void> {
    const app: unknown = await record.plugin?.app(this.#settingsOf(record));
    if (!isPluginApp(app)) throw new Error("its app() gave nothing with start() and stop()");
    const routes = app.routes?.() ?? [];
    // Before it is started: one whose routes are taken must not run without them.
    this.#options.addRoutes(pluginRoutes(record, routes));
    record.app = app;
    await app.start(manager);
    // It may have been stopped meanwhile.
    if (record.state === "starting") record.state = "running";
    const { version, name } = record.about;
    this.#options.log.info(`plugin ${JSON.stringify(name)} runs${version && `, version ${version}`}`);
  }

  async #wait(record: PluginRecord, what: string, call: () => Promise<void>): Promise<void> {
    const work = call().catch((error: unknown) => record.note(what, error));
    const { patienceMs = STOP_PATIENCE_MS } = this.#options;
    if (await inTime(work, patienceMs)) return;
    record.note(what, new Error(`it took longer than ${patienceMs / 1000} s`));
  }

  #settingsOf({ name }: PluginRecord): PluginSettings {
    return { ...this.#options.settingsOf(name) };
  }
}
