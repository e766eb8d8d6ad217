/** How a plugin stands: `site` = it has no code. */
export type PluginState = "loaded" | "starting" | "running" | "stopped" | "failed" | "site";

/** A plugin as it is told over HTTP. */
export interface PluginBody {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly state: PluginState;
  /** What went wrong with it last; null = nothing. */
  readonly error: string | null;
  /** Its folder. */
  readonly path: string;
  /** Where its site is served; null = it has none. */
  readonly site: string | null;
}
