import { GafferError } from "../../base/gaffer-error.ts";
import { guardImports } from "./import-guard.ts";
import { inTime } from "./patience.ts";
import type { PluginLog } from "./plugin-log.ts";
import { findPlugins, type PluginFolder, refuseMissing } from "./plugin-folders.ts";
import { offerLibrary } from "./plugin-library.ts";
import { importPlugins, type MadePlugin } from "./plugin-modules.ts";
import { PluginRecord } from "./plugin-record.ts";
import type { PluginSet } from "./plugin-set.ts";
import { refuseForeignCode } from "./trusted-code.ts";

/** How long a module may take to be loaded, in milliseconds; it may wait for something that never comes. */
const LOAD_PATIENCE_MS = 10_000;

/** What plugins are loaded with. */
export interface LoadPluginsOptions {
  /** Whether the folders were asked for, so that they must be there. */
  readonly named: boolean;
  /** Our own user. */
  readonly uid: number;
  readonly log: PluginLog;
  /** Gives what `import … from "gaffer"` means. */
  readonly loadLibrary: () => Promise<object>;
  /** @defaultValue 10 000 */
  readonly patienceMs?: number;
}

/**
 * Loads the code of every plugin into a set; what can't be loaded is logged, and in it as failed.
 *
 * @throws {@link GafferError} `config_invalid` if a folder that was named is not there, `plugin_missing` if a plugin needs one that is not.
 */
export async function loadPlugins(set: PluginSet, options: LoadPluginsOptions): Promise<void> {
  const { named, loadLibrary } = options;
  if (named) refuseMissing(set.dirs);
  const folders = findPlugins(set.dirs).filter(({ code }) => code !== undefined);
  if (folders.length > 0) {
    await offerLibrary(loadLibrary);
    guardImports(options.uid);
  }
  for (const folder of folders) for (const record of await loadFolder(folder, options)) addRecord(set, record);
  refuseUnmet(set);
}

async function loadFolder(folder: PluginFolder, options: LoadPluginsOptions): Promise<PluginRecord[]> {
  const { log, uid, patienceMs = LOAD_PATIENCE_MS } = options;
  try {
    refuseForeignCode(folder.path, uid);
    const made = await loadCode(folder, patienceMs);
    return made.map((one) => new PluginRecord(folder, log, one));
  } catch (error) {
    const record = new PluginRecord(folder, log);
    record.fail("to load", error);
    return [record];
  }
}

async function loadCode({ name, code = "" }: PluginFolder, patienceMs: number): Promise<readonly MadePlugin[]> {
  let made: readonly MadePlugin[] = [];
  const work = importPlugins(code, name).then((all) => (made = all));
  if (await inTime(work, patienceMs)) return made;
  // It may still fail; by then nobody asks.
  work.catch(() => undefined);
  throw new Error(`its modules were not loaded in ${patienceMs / 1000} s`);
}

function addRecord(set: PluginSet, record: PluginRecord): void {
  const other = set.records.find(({ name, plugin }) => name === record.name && plugin !== undefined);
  if (other !== undefined && record.plugin !== undefined) {
    record.fail("to load", new Error(`${other.folder.path} holds a plugin of that name already`));
  }
  set.records.push(record);
}

function refuseUnmet(set: PluginSet): void {
  for (const { name, about, state } of set.records) {
    if (state === "failed") continue;
    for (const need of about.mandatory) {
      const why = set.whyMissing(need);
      if (why === undefined) continue;
      const [who, whom] = [JSON.stringify(name), JSON.stringify(need)];
      throw new GafferError("plugin_missing", `Cannot start: plugin ${who} needs plugin ${whom}, ${why}`);
    }
  }
}
