import type { Manager } from "./manager.ts";

/** What attaches to a manager: the HTTP API, console output, signal handling, a plugin. Each may do its work later. */
export interface App {
  /** Called once the manager runs, in the order the apps were given. */
  start(manager: Manager): void | Promise<void>;
  /** Called when every process is gone, in the same order. */
  stop(): void | Promise<void>;
  /** Called when the manager restarts: read again what may have changed. */
  restart?(): void | Promise<void>;
}
