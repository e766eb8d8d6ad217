import { existsSync, renameSync, unlinkSync } from "node:fs";

/**
 * Moves a log file out of the way: `path` → `path.1` → … `path.BACKUPS`; the oldest goes.
 *
 * @param backups - how many are kept; 0 = the file itself goes.
 * @throws the system's error; then `path` is still in its place and no backup is lost.
 */
export function rotateLog(path: string, backups: number): void {
  if (backups === 0) return unlinkSync(path);
  // Up to the first free number only: tries that fail again and again must not push the backups out.
  let free = 1;
  while (free < backups && existsSync(`${path}.${free}`)) free++;
  for (let number = free; number > 1; number--) renameSync(`${path}.${number - 1}`, `${path}.${number}`);
  return renameSync(path, `${path}.1`);
}
