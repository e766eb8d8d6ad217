import { ptr } from "bun:ffi";
import { isCompiled } from "../host/own-command.ts";
import { libc } from "../host/libc.ts";

/** Keeps Bun from waking once a second to think of its memory; it is read when the program starts, and not later. */
const SWITCH = "BUN_GC_TIMER_DISABLE";

const cString = (text: string): Uint8Array => Buffer.from(`${text}\0`);

/**
 * Begins this program anew, in the same process, with its idle timer off: an idle daemon then costs a fifth. Once that is so, or where it
 * can't be, nothing happens.
 *
 * @remarks Only to be called before anything is opened.
 */
export function beginWithoutIdleTimer(): void {
  const c = libc();
  if (!isCompiled() || process.platform !== "linux" || c === undefined || process.env[SWITCH] !== undefined) return;
  const [name, value] = [cString(SWITCH), cString("1")];
  c.setenv(ptr(name), ptr(value), 1);
  const words = [process.argv0, ...process.argv.slice(2)].map(cString);
  const pointers = new BigUint64Array([...words.map((word) => BigInt(ptr(word))), 0n]);
  // By its own name: by that of a link in /proc every list of processes would show "exe".
  const path = cString(process.execPath);
  // It returns only if it can't be done; then the timer stays, and costs what it costs.
  c.execv(ptr(path), ptr(pointers));
}
