import type { JobConfig } from "./job-config.ts";
import type { OutputLog } from "./process-host.ts";

const absolute = (path: string, cwd: string): string => (path.startsWith("/") ? path : `${cwd}/${path}`);

/**
 * The log file of each output of one process, by label.
 *
 * @param cwd - folder of relative paths.
 */
export function outputLogs(config: JobConfig, cwd: string, slot: number): Readonly<Record<string, OutputLog>> {
  const { logfile, stderrLogfile, logfileMaxBytes: maxBytes, logfileBackups: backups, redirectOutput } = config;
  const target = (path: string): OutputLog => ({
    path: absolute(path.replaceAll("%i", String(slot)), cwd),
    maxBytes,
    backups,
  });
  const [out, err] = redirectOutput;
  const logs: Record<string, OutputLog> = {};
  const errFile = stderrLogfile ?? logfile;
  if (err !== undefined && errFile !== undefined) logs[err] = target(errFile);
  if (out !== undefined && logfile !== undefined) logs[out] = target(logfile);
  return logs;
}
