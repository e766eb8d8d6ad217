import { loadPlugins } from "../apps/plugins/load-plugins.ts";
import type { PluginLog } from "../apps/plugins/plugin-log.ts";
import { PluginSet } from "../apps/plugins/plugin-set.ts";
import { didYouMean } from "../base/nearest.ts";
import { say } from "../cli/stdout.ts";
import type { DaemonConfig } from "../config/daemon-config.ts";
import type { DaemonPlan } from "./daemon-plan.ts";

/** How long what a plugin left running may hold up the end, in milliseconds. */
const LEFT_RUNNING_MS = 1000;

/** What the plugins of a daemon are loaded with. */
export interface DaemonPluginsOptions {
  readonly plan: DaemonPlan;
  readonly config: DaemonConfig;
  readonly uid: number;
  readonly log: PluginLog;
}

/**
 * Loads the plugins of a daemon into `set`, and warns of sections that are for none.
 *
 * @throws {@link GafferError} as {@link loadPlugins} does.
 */
export async function loadDaemonPlugins(set: PluginSet, options: DaemonPluginsOptions): Promise<void> {
  const { plan, config, uid, log } = options;
  const { named } = plan.plugins;
  await loadPlugins(set, { named, uid, log, loadLibrary: () => import("../lib.ts") });
  const known = set.records.map(({ name }) => name);
  for (const name of config.plugins.keys()) {
    if (known.includes(name)) continue;
    log.warn(`[plugin:${name}] is for no plugin that is here${didYouMean(name, known)}`);
  }
}

const tell = (text: string): void => say(`gaffer: ${text}\n`);

/**
 * Loads the plugins and starts none: what keeps a daemon from starting is thrown, all else is said.
 *
 * @throws {@link GafferError} as {@link loadPlugins} does.
 */
export async function checkPlugins(options: Omit<DaemonPluginsOptions, "log">): Promise<void> {
  const set = new PluginSet(options.plan.plugins.dirs);
  using _end = endInSpiteOf(set);
  await loadDaemonPlugins(set, { ...options, log: { error: tell, warn: tell, info: tell } });
}

/**
 * To be disposed of at the end of this program: ends it a moment later, if it has not ended by itself. A plugin may have left a timer or a
 * server of its own; without plugins it does nothing.
 */
export function endInSpiteOf(set: PluginSet): Disposable {
  return {
    [Symbol.dispose]: () => {
      if (set.records.length === 0) return;
      // By then main() has said what the exit code is; nothing else ends a program in which somebody else's code waits.
      // eslint-disable-next-line unicorn/no-process-exit
      setTimeout(() => process.exit(), LEFT_RUNNING_MS).unref();
    },
  };
}
