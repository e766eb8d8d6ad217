import { join } from "node:path";

/** Whether this is the compiled executable, and not Bun running the source. */
export function isCompiled(): boolean {
  return Bun.main.startsWith("/$bunfs/");
}

/** The command that runs this very program: followed by a sub-command and its arguments. */
export function ownCommand(): readonly string[] {
  if (isCompiled()) return [process.execPath];
  // As the executable: what lies in a job's folder must not change what its start does.
  return [process.execPath, "--no-env-file", "--config=/dev/null", join(import.meta.dir, "..", "main.ts")];
}
