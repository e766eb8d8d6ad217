import { constants } from "node:os";
import { GafferError } from "./gaffer-error.ts";

const byName = new Map<string, number>(Object.entries(constants.signals));
const byNumber = new Map([...byName].toReversed().map(([name, number]) => [number, name]));

/**
 * The number of a signal given as `15`, `"15"`, `"TERM"`, `"sigterm"`.
 *
 * @throws {@link GafferError} `bad_signal` if this machine has no such signal.
 * @see signal(7)
 */
export function parseSignal(value: string | number): number {
  const text = String(value).trim().toUpperCase();
  const number = /^\d+$/.test(text) ? Number(text) : (byName.get(text) ?? byName.get(`SIG${text}`));
  if (number === undefined || number < 1 || number > 64) {
    throw new GafferError(
      "bad_signal",
      `Cannot use signal ${JSON.stringify(value)}: no such signal (try TERM, HUP or 15)`,
    );
  }
  return number;
}

/** `SIGTERM` for 15; real-time and unknown numbers read `signal 34`. */
export function signalName(signal: number): string {
  return byNumber.get(signal) ?? `signal ${signal}`;
}
