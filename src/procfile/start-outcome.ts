/** What decides how a run ends. */
export interface OutcomeRules {
  /** Processes that are started. */
  readonly total: number;
  /** The first process that ends, ends the run. */
  readonly exitWithFirst: boolean;
  /** Whether what ends is started again. */
  readonly restarts: boolean;
}

/**
 * Decides when a foreground run is over, and with which exit code:
 *
 * - a signal asked for it: 128 + its number, as a shell would say (Ctrl-C: 130, SIGTERM: 143);
 * - `--exit`, and a process ended: that process's code;
 * - `--no-restart`, and all have ended: the first code that is not 0;
 * - the reader of our output has gone: 0; or it cannot be written to, the disk is full: 1.
 *
 * What comes first counts; nothing later changes it.
 */
export class StartOutcome {
  /** The exit code, once the run is over. */
  readonly decided: Promise<number>;
  readonly #rules: OutcomeRules;
  readonly #decide: (code: number) => void;
  #ended = 0;
  #firstFailure = 0;

  constructor(rules: OutcomeRules) {
    this.#rules = rules;
    const { promise, resolve } = Promise.withResolvers<number>();
    this.decided = promise;
    this.#decide = resolve;
  }

  /**
   * A process ended by itself, or could not be started.
   *
   * @param code - what a shell would give for it.
   */
  processEnded(code: number): void {
    this.#ended++;
    this.#firstFailure ||= code;
    if (this.#rules.exitWithFirst) this.#decide(code);
    else if (!this.#rules.restarts && this.#ended === this.#rules.total) this.#decide(this.#firstFailure);
  }

  /** Somebody asked for the end by a signal. */
  signalled(signal: number): void {
    this.#decide(128 + signal);
  }

  /** Our output takes nothing any more: its reader has gone, or it `failed`. */
  outputClosed(failed: boolean): void {
    this.#decide(failed ? 1 : 0);
  }
}
