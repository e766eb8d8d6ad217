import { readFileSync } from "node:fs";
import { processSignals, type SignalSource } from "../apps/signal-handler.ts";

const SIGHUP = 1;

/** This process's signals, SIGHUP left ignored where whoever started us wanted it so, as nohup does. */
export function ownSignals(): SignalSource {
  const source = processSignals(process);
  if (!startsWithoutHangup()) return source;
  return {
    on: (signal, listener) => {
      if (signal !== SIGHUP) source.on(signal, listener);
    },
    off: (signal, listener) => source.off(signal, listener),
  };
}

/** Whether SIGHUP is ignored; only to be asked before anything listens to it. */
function startsWithoutHangup(): boolean {
  try {
    const [, mask = "0"] = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "latin1")) ?? [];
    return (BigInt(`0x${mask}`) & 1n) === 1n;
  } catch (error) {
    // No /proc, as on macOS: the signal counts.
    if (error instanceof Error && "code" in error) return false;
    throw error;
  }
}
