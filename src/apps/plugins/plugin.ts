import type { PluginSettings } from "../../config/config-plugins.ts";
import type { Manager } from "../../manager/manager.ts";
import type { Route } from "../../server/route.ts";

/** An application that a plugin attaches to the manager. Every {@link App} is one. */
export interface PluginApp {
  /** Called once the manager runs. One that throws or rejects is put aside; the daemon goes on. */
  start(manager: Manager): void | Promise<void>;
  /** Called when every process is gone. */
  stop(): void | Promise<void>;
  /** Called when the daemon reads its configuration again (SIGHUP). @param settings - what the plugin's section says now */
  restart?(settings: PluginSettings): void | Promise<void>;
  /**
   * What it answers over HTTP besides what gaffer does; asked for once, before {@link start}.
   *
   * @remarks A path that is answered already is an error; one below `/_plugin/NAME/` goes before the site's file. Without `open`, only
   * callers are served who may manage everything.
   */
  routes?(): readonly Route[];
}

/**
 * A plugin: the default export of a module in a `plugin/` folder is a class like this one, or extends it.
 *
 * @example
 * ```ts
 * import { type App, Plugin } from "gaffer";
 *
 * export default class HelloPlugin extends Plugin {
 *   readonly name = "hello";
 *   app(): App {
 *     return { start: () => console.log("hello"), stop: () => console.log("bye") };
 *   }
 * }
 * ```
 * @see gaffer 0.5 `gaffer.Plugin`
 */
export abstract class Plugin {
  /** Its name: letters, digits, `_`, `.`, `-`; that of its section `[plugin:NAME]`. @defaultValue the name of its folder */
  abstract readonly name: string;
  readonly version: string = "";
  readonly description: string = "";
  /** Names of the plugins that must be there for this one: where one is missing the daemon does not start. */
  readonly mandatory: readonly string[] = [];
  /** Makes its application. @param settings - what `[plugin:NAME]` says: texts from INI, any value from TOML; empty without a section */
  abstract app(settings: PluginSettings): PluginApp | Promise<PluginApp>;
}
