import { writeSync } from "node:fs";

const stdoutFd = 1;
const stderrFd = 2;

/** The reader of stdout has gone, as `head` does: the command ends, and that is no error. */
export class ClosedPipe extends Error {}

/**
 * Writes data for the user or the next program, whole.
 *
 * @remarks The first touch of `process.stdout` costs 12 ms of start-up, so it is never touched.
 * @throws {@link ClosedPipe} if the reader of stdout has gone.
 */
export function print(text: string): void {
  writeWhole(stdoutFd, text);
}

/** Writes talk: errors, warnings, progress. Nobody listening is no error. */
export function say(text: string): void {
  try {
    writeWhole(stderrFd, text);
  } catch (error) {
    if (!(error instanceof ClosedPipe)) throw error;
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
    if (errno !== "EAGAIN") throw error;
    Bun.sleepSync(1);
    return 0;
  }
}
