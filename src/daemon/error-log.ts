import { closeSync, openSync, writeSync } from "node:fs";
import { GafferError } from "../base/gaffer-error.ts";
import { say } from "../cli/stdout.ts";

/** Where a daemon writes its own log: a file that can be opened anew, or stderr. */
export class ErrorLog implements Disposable {
  readonly #path: string | undefined;
  #fd: number | undefined;

  /** @throws {@link GafferError} `bad_request` if the file can't be opened. */
  constructor(path: string | undefined) {
    this.#path = path;
    this.#fd = path === undefined ? undefined : open(path);
  }

  /** Writes one line. That it can't be written must not end the daemon. */
  write(line: string): void {
    if (this.#fd === undefined) return say(line);
    try {
      writeSync(this.#fd, line);
    } catch (error) {
      say(`gaffer: Cannot write error log ${JSON.stringify(this.#path)}: ${codeOf(error)}\n${line}`);
    }
  }

  /** Opens the file anew: it was moved away. Where that fails, the old one stays. */
  reopen(): void {
    if (this.#path === undefined || this.#fd === undefined) return;
    const before = this.#fd;
    this.#fd = open(this.#path);
    closeSync(before);
  }

  [Symbol.dispose](): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : String(error);

function open(path: string): number {
  try {
    return openSync(path, "a", 0o640);
  } catch (error) {
    throw new GafferError("bad_request", `Cannot open error log ${JSON.stringify(path)}: ${codeOf(error)}`, {
      cause: error,
    });
  }
}
