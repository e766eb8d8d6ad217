import { GafferError } from "../base/gaffer-error.ts";
import { isoInstant } from "../base/iso-instant.ts";

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Reads an instant: `5m` or `1h30m` ago, or a date as ISO 8601 has it.
 *
 * @param nowMs - now, in milliseconds since 1970.
 * @returns milliseconds since 1970.
 * @throws {@link GafferError} `usage`
 */
export function parseInstant(text: string, nowMs: number): number {
  if (/^(\d+[smhd])+$/.test(text)) {
    const parts = [...text.matchAll(/(\d+)([smhd])/g)];
    return nowMs - parts.reduce((sum, [, count, unit = ""]) => sum + Number(count) * (UNITS[unit] ?? 0), 0);
  }
  const time = isoInstant(text);
  if (time !== undefined) return time;
  throw new GafferError(
    "usage",
    `Cannot use --since ${JSON.stringify(text)}: it takes a time ago such as 5m or 1h30m, or a date such as 2026-11-23T03:06:10`,
  );
}
