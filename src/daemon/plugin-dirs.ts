import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import type { DaemonConfig } from "../config/daemon-config.ts";
import type { DaemonSurroundings } from "./daemon-plan.ts";

/** Where plugins are looked for. */
export interface PluginDirs {
  /** Absolute; the earlier goes first. */
  readonly dirs: readonly string[];
  /** Whether somebody named them, so that they must be there. */
  readonly named: boolean;
}

/** Flags go before `GAFFER_PLUGIN_DIR` (several, apart like those of PATH), that before the configuration; else it is ~/.gaffer/plugins. */
export function pluginDirs(flags: readonly string[], config: DaemonConfig, at: DaemonSurroundings): PluginDirs {
  const fromEnv = (at.env["GAFFER_PLUGIN_DIR"] ?? "").split(delimiter).filter((dir) => dir !== "");
  const given = flags.length > 0 ? flags : fromEnv;
  const dirs = given.length > 0 ? given.map((dir) => resolve(at.cwd, dir)) : config.pluginDirs;
  if (dirs.length > 0) return { dirs: [...new Set(dirs)], named: true };
  return { dirs: [join(at.env["HOME"] || homedir(), ".gaffer", "plugins")], named: false };
}
