import type { ForegroundPorts } from "./foreground-run.ts";

/**
 * The end of a run's output. Nobody is hurt by waiting for a slow reader when the run ended by itself; whoever asked for the end
 * by a signal wants it soon.
 */
export class LastWords {
  readonly #ports: Pick<ForegroundPorts, "flush" | "say">;
  readonly #hurry = new AbortController();
  #patient = true;
  #flushing = false;
  #interruptedBy: number | undefined;

  constructor(ports: Pick<ForegroundPorts, "flush" | "say">) {
    this.#ports = ports;
  }

  /**
   * A signal asked for the end.
   *
   * @returns whether it ended the wait for the reader, so that nothing else is left to end.
   */
  interrupt(signal: number): boolean {
    if (!this.#flushing) {
      this.#patient = false;
      return false;
    }
    this.#interruptedBy ??= signal;
    this.#hurry.abort();
    return true;
  }

  /**
   * Waits for the reader, and says how many lines it did not take.
   *
   * @returns the exit code in place of that of a run that had ended by itself, if a signal cut its output short.
   */
  async flush(): Promise<number | undefined> {
    this.#flushing = true;
    const patient = this.#patient;
    const lost = await this.#ports.flush({ patient, signal: this.#hurry.signal });
    if (lost > 0) this.#ports.say(`${lost} ${lost === 1 ? "line" : "lines"} lost: ${this.#reason()}`);
    return patient && this.#interruptedBy !== undefined ? 128 + this.#interruptedBy : undefined;
  }

  #reason(): string {
    if (this.#interruptedBy !== undefined) return "a signal ended the wait for the reader of stdout";
    return "the reader of stdout took nothing for 5 s";
  }
}
