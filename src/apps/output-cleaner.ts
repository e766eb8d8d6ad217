import type { App } from "../manager/app.ts";
import type { GafferEvent } from "../manager/gaffer-event.ts";
import type { Manager } from "../manager/manager.ts";
import type { OutputHub } from "../output/output-hub.ts";

/** The application that forgets what jobs said once they are unloaded and the last of their processes has gone. */
export class OutputCleaner implements App {
  readonly #hub: OutputHub;
  readonly #unloaded = new Set<string>();
  #isDue = false;
  #unsubscribe: (() => void) | undefined;

  constructor(hub: OutputHub) {
    this.#hub = hub;
  }

  start(manager: Manager): void {
    this.#unsubscribe = manager.events.subscribe(".", (_topic, event) => this.#hear(manager, event));
  }

  stop(): void {
    this.#unsubscribe?.();
  }

  #hear(manager: Manager, { event, name }: GafferEvent): void {
    // Loaded again while the old processes are still going: the new ones begin with nothing.
    if (event === "load" && this.#unloaded.delete(name)) this.#hub.forget(new Set([name]));
    else if (event === "unload") this.#unloaded.add(name);
    if ((event !== "unload" && event !== "exit") || !this.#unloaded.has(name) || this.#isDue) return;
    // One look for all that are unloaded together.
    this.#isDue = true;
    queueMicrotask(() => this.#look(manager));
  }

  #look(manager: Manager): void {
    this.#isDue = false;
    const living = new Set(manager.list().map((process) => process.name));
    const gone = new Set([...this.#unloaded].filter((name) => !living.has(name)));
    for (const name of gone) this.#unloaded.delete(name);
    this.#hub.forget(gone);
  }
}
