import { signalName } from "../base/signals.ts";

/** How a process ended: an exit code, or the signal that killed it; neither when that cannot be {@link ExitStatus.unknown | known}. */
export interface ExitStatus {
  /** 0–255, or null when a signal ended it. */
  readonly code: number | null;
  /** Number of the signal that ended it, or null. */
  readonly signal: number | null;
  /** Nobody can know: it was adopted from an earlier life, and the kernel tells how a process ended to its parent only. */
  readonly unknown?: boolean;
  /** The kernel killed it for want of memory, where that can be known. */
  readonly outOfMemory?: boolean;
}

/** The one number a shell would give: the code, or 128 + signal; 128 when neither is known. */
export function shellCode(status: ExitStatus): number {
  return status.code ?? 128 + (status.signal ?? 0);
}

/** `exited with code 1`, `killed by SIGKILL (out of memory)`. */
export function describeExit(status: ExitStatus): string {
  if (status.unknown === true) return "ended, nobody knows how: it was adopted";
  if (status.signal === null) return `exited with code ${status.code ?? 0}`;
  return `killed by ${signalName(status.signal)}${status.outOfMemory ? " (out of memory)" : ""}`;
}
