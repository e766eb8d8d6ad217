import type { Log } from "../base/log.ts";

/** EX_SOFTWARE. @see sysexits(3) */
const BUG = 70;

/**
 * Keeps a bug of ours from ending the daemon, and with it what it supervises: it is logged, the jobs go on, and the exit code tells of it
 * when the daemon ends. A plugin's error is the plugin's.
 */
export class StrayErrors implements Disposable {
  readonly #hear: (error: unknown) => void;
  #count = 0;

  /** @param isForeign - whether an error is a plugin's; it has been told then */
  constructor(log: Log, isForeign: (error: unknown) => boolean = () => false) {
    this.#hear = (error) => {
      if (isForeign(error)) return;
      this.#count++;
      log.error("this is a bug in gaffer, please report it; the jobs go on:", error);
    };
    process.on("uncaughtException", this.#hear);
    process.on("unhandledRejection", this.#hear);
  }

  /** 70 if there was any, else 0. */
  get exitCode(): number {
    return this.#count > 0 ? BUG : 0;
  }

  [Symbol.dispose](): void {
    process.off("uncaughtException", this.#hear);
    process.off("unhandledRejection", this.#hear);
  }
}
