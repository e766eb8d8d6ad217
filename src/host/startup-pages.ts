import { readFileSync } from "node:fs";
import { libc } from "./libc.ts";

const MADV_DONTNEED = 4;

/**
 * Gives back the pages of our executable that only the start needed: read-only ones, that come back from the file by
 * themselves should they be used again. Never those of a mapping with private pages: they would lose what was written.
 *
 * @remarks Takes about 2 ms; lowers the proportional share of memory, not what the machine needs when it is busy.
 * @see madvise(2), proc(5) on `smaps`
 */
export function releaseStartupPages(): void {
  const c = libc();
  if (c === undefined) return;
  for (const mapping of readFileSync("/proc/self/smaps", "latin1").split(/\n(?=[0-9a-f]+-[0-9a-f]+ )/)) {
    const [, from, to, rights] = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ [1-9]/.exec(mapping) ?? [];
    if (from === undefined || to === undefined || rights?.includes("w") !== false) continue;
    if (!/^Anonymous:\s+0 kB$/m.test(mapping)) continue;
    const start = BigInt(`0x${from}`);
    c.madvise(start, BigInt(`0x${to}`) - start, MADV_DONTNEED);
  }
}
