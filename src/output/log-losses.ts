import { logProblem } from "./log-problem.ts";

/** What {@link LogLosses} works with. */
export interface LogLossesOptions {
  readonly path: string;
  readonly onProblem: (message: string) => void;
  /** Milliseconds on a clock that never jumps. */
  readonly now: () => number;
  /** The same problem is told once in this time, in milliseconds. */
  readonly quietMs: number;
}

/** Problems that are no news before they cost something: a fifo may well wait for its reader. */
const HARMLESS = new Set(["ENXIO", "EAGAIN", "EPIPE"]);

/** What keeps one log file from being written, how much was lost by it, and who was told. */
export class LogLosses {
  readonly #options: LogLossesOptions;
  #code: string | undefined;
  /** The last problem, over or not. */
  #reason = "unknown error";
  #bytes = 0;
  #isTold = false;
  #toldCode = "";
  #toldAt = -Infinity;
  /** Lost in gaps that only the file tells so far. */
  #untoldBytes = 0;

  constructor(options: LogLossesOptions) {
    this.#options = options;
  }

  /** Whether all is well and was told. */
  get none(): boolean {
    return this.#code === undefined && this.#bytes === 0;
  }

  /** Bytes lost that the file does not tell yet. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The line that stands in the file where they are missing. */
  get line(): string {
    return `--- gaffer: ${count(this.#bytes)} lost here: ${this.#reason} ---\n`;
  }

  /** It can't be written. */
  begin(code: string): void {
    this.#code = code;
    this.#reason = logProblem(code);
    if (this.#bytes > 0 || !HARMLESS.has(code)) this.#tell();
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    if (this.#code !== undefined) this.#tell();
  }

  /** The line that tells what is missing stands in the file. */
  noted(): void {
    this.#untoldBytes += this.#bytes;
    this.#bytes = 0;
  }

  /** It is written again. */
  over(): void {
    const lost = this.#untoldBytes;
    if (this.#isTold) {
      const what = lost === 0 ? "nothing was lost" : `${count(lost)} ${lost === 1 ? "was" : "were"} lost`;
      this.#options.onProblem(`Log file "${this.#options.path}" is written again: ${what} (${this.#reason})`);
    }
    this.#untoldBytes = this.#isTold ? 0 : lost;
    this.#isTold = false;
    this.#code = undefined;
  }

  #tell(): void {
    if (this.#isTold || this.#code === undefined) return;
    const now = this.#options.now();
    if (this.#code === this.#toldCode && now - this.#toldAt < this.#options.quietMs) return;
    this.#isTold = true;
    this.#toldCode = this.#code;
    this.#toldAt = now;
    this.#options.onProblem(`Cannot write log file "${this.#options.path}": ${this.#reason}`);
  }
}

const count = (bytes: number): string => `${bytes} ${bytes === 1 ? "byte" : "bytes"}`;
