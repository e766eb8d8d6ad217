import { releaseStartupPages } from "../host/startup-pages.ts";
import type { Manager } from "../manager/manager.ts";

/** How long after something happened memory is given back, in milliseconds: what comes in a burst is done with by then. */
const CALM_MS = 5000;

/**
 * Gives back memory that nobody needs any more, a while after something happened: with the runtime's own idle timer off nobody else would.
 * Where nothing happens it does nothing, and costs nothing.
 */
export class Housekeeping implements Disposable {
  readonly #unsubscribe: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(manager: Manager) {
    this.#unsubscribe = manager.events.subscribe(".", () => this.#arm());
    this.#arm();
  }

  #arm(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      Bun.gc(true);
      releaseStartupPages();
    }, CALM_MS).unref();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#unsubscribe();
  }
}
