import { join } from "node:path";

/** Whether this is the compiled executable, and not Bun running the source. */
export function isCompiled(): boolean {
  return Bun.main.startsWith("/$bunfs/");
}

/** The command that runs this very program: followed by a sub-command and its arguments. */
export function ownCommand(): readonly string[] {
  if (isCompiled()) return [process.execPath];
  return [process.execPath, "--no-env-file", join(import.meta.dir, "..", "main.ts")];
}
