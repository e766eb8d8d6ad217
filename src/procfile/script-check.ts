import type { Procfile } from "../config/procfile.ts";
import { procfileKind } from "../config/procfile-text.ts";
import { invalidText, type Problem } from "../config/source-text.ts";

/**
 * Has the shell read every line that goes through it, without running anything.
 *
 * @param jobs - names of the jobs to look at.
 * @throws {@link GafferError} `procfile_invalid` with what the shell says of each.
 */
export function checkScripts(procfile: Procfile, jobs: readonly string[]): void {
  const problems = jobs.flatMap((name): Problem[] => {
    const { shell, cmd } = procfile.asDict(name);
    const said = shell ? complaint(cmd) : undefined;
    if (said === undefined) return [];
    const message = `the shell cannot read the command of job "${name}": ${said}`;
    return [{ place: procfile.commandPlaceOf(name), message }];
  });
  if (problems.length > 0) throw invalidText(procfileKind, problems);
}

/** What the shell says of a script that it cannot read. */
function complaint(script: string): string | undefined {
  try {
    const { success, stderr } = Bun.spawnSync(["sh", "-n", "-c", script], { stdio: ["ignore", "ignore", "pipe"] });
    if (success) return undefined;
    return stderr
      .toString()
      .trim()
      .replace(/^\S*sh: (?:-c: )?(?:line )?\d+: /, "");
  } catch (error) {
    // No shell to ask: the job's own start tells of that, and its PATH may be another.
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}
