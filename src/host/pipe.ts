import { constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GafferError } from "../base/gaffer-error.ts";
import { libc, openPipe } from "./libc.ts";

/** The two ends of a pipe; neither is inherited by accident. */
export interface Pipe {
  readonly readEnd: number;
  readonly writeEnd: number;
}

/**
 * A real pipe: what Bun calls one is a socket pair, and a child that opens `/dev/stdout` fails on it.
 *
 * @throws {@link GafferError} `resource_exhausted` when no descriptor is left.
 */
export function makePipe(): Pipe {
  const c = libc();
  const ends = c === undefined ? openFifo() : openPipe(c);
  if (ends === undefined) {
    throw new GafferError(
      "resource_exhausted",
      "Cannot make a pipe: gaffer has too many open files (raise its nofile limit)",
    );
  }
  const [readEnd, writeEnd] = ends;
  return { readEnd, writeEnd };
}

/** Without the C library: a named pipe that loses its name at once. */
function openFifo(): readonly [number, number] | undefined {
  const folder = mkdtempSync(join(tmpdir(), "gaffer-pipe-"));
  try {
    const path = join(folder, "pipe");
    Bun.spawnSync(["mkfifo", path]);
    const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return [readEnd, openSync(path, constants.O_WRONLY)];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
