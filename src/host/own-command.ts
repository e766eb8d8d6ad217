import { join } from "node:path";

/** Whether this is the compiled executable, and not Bun running the source. */
export function isCompiled(): boolean {
  return Bun.main.startsWith("/$bunfs/");
}

/** The command by which a child of ours runs this very program: followed by a sub-command and its arguments. */
export function ownCommand(): readonly string[] {
  // Not by name: an upgrade may have put another version there by now, or removed this one.
  if (isCompiled()) return [process.platform === "linux" ? "/proc/self/exe" : process.execPath];
  // As the executable: what lies in a job's folder must not change what its start does.
  return [process.execPath, "--no-env-file", "--config=/dev/null", join(import.meta.dir, "..", "main.ts")];
}
