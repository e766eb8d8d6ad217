import { writeSync } from "node:fs";
import { GafferError } from "../base/gaffer-error.ts";

const stdoutFd = 1;
const stderrFd = 2;

/** The reader of stdout has gone, as `head` does: the command ends, and that is no error. */
export class ClosedPipe extends Error {}

/**
 * Writes data for the user or the next program, whole.
 *
 * @remarks The first touch of `process.stdout` costs 12 ms of start-up, so it is never touched.
 * @throws {@link ClosedPipe} if the reader of stdout has gone, {@link GafferError} `resource_exhausted` if it cannot be
 * written to, a full disk for one.
 */
export function print(text: string): void {
  writeWhole(stdoutFd, text);
}

/** Writes talk: errors, warnings, progress. That it cannot be written is no error: there is nobody to tell. */
export function say(text: string): void {
  try {
    writeWhole(stderrFd, text);
  } catch (error) {
    if (!(error instanceof ClosedPipe || error instanceof GafferError)) throw error;
  }
}

function writeWhole(fd: number, text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) rest = rest.subarray(writeSome(fd, rest));
}

/** Whoever made the descriptor non-blocking, possibly another program on the same terminal, a full pipe only means to wait. */
function writeSome(fd: number, bytes: Uint8Array): number {
  try {
    return writeSync(fd, bytes);
  } catch (error) {
    const errno = error instanceof Error && "code" in error ? error.code : undefined;
    if (errno === "EPIPE") throw new ClosedPipe("the reader has gone", { cause: error });
    if (errno === "EAGAIN") {
      Bun.sleepSync(1);
      return 0;
    }
    if (typeof errno !== "string") throw error;
    const stream = fd === stdoutFd ? "stdout" : "stderr";
    throw new GafferError("resource_exhausted", `Cannot write to ${stream}: ${errno}`, { cause: error });
  }
}
