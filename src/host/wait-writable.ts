import { ptr } from "bun:ffi";
import { libc } from "./libc.ts";

const POLLOUT = 0x4;
/** `struct pollfd`: fd as 32 bits, then events and revents as 16 each. */
const entry = new Int32Array(2);

/**
 * Waits until a descriptor takes bytes, or its reader has gone (writing then says so).
 *
 * @param timeoutMs - longest time to stand still, in milliseconds.
 * @returns false when the time is over, a signal came, or the C library cannot be called.
 * @see poll(2)
 */
export function waitWritable(fd: number, timeoutMs: number): boolean {
  entry[0] = fd;
  entry[1] = POLLOUT;
  return (libc()?.poll(ptr(entry), 1, timeoutMs) ?? 0) > 0;
}
