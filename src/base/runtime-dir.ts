import { homedir } from "node:os";
import { join } from "node:path";

/** What the place of runtime files depends on. */
export interface RuntimeSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Our user. */
  readonly uid: number;
}

/** Folder of sockets that live as long as the machine runs. @see XDG Base Directory Specification, `XDG_RUNTIME_DIR` */
function runtimeDir({ env, uid }: RuntimeSurroundings): string {
  const given = env["XDG_RUNTIME_DIR"];
  if (given !== undefined && given.startsWith("/")) return join(given, "gaffer");
  // Without a session of systemd's there is none; a folder of our own in our home is as safe.
  return uid === 0 ? "/run/gaffer" : join(env["HOME"] ?? homedir(), ".gaffer", "run");
}

/** The socket of a daemon that is told no address. */
export const runtimeSocket = (surroundings: RuntimeSurroundings): string =>
  join(runtimeDir(surroundings), "gaffer.sock");
