import type { Outbox } from "./outbox.ts";
import { NO_KEY } from "./socket-codes.ts";

/** How long a websocket may be open without a key, in milliseconds: as long as Bun lets a connection be silent before its request. */
const KEY_MS = 10_000;

/**
 * Ends a websocket that shows no key in time, so that nobody without one holds many.
 *
 * @param ms - @defaultValue 10 seconds
 * @returns ends the wait: a key was shown, or it is closed.
 */
export function waitForKey(outbox: Pick<Outbox, "end">, ms: number = KEY_MS): () => void {
  const timer = setTimeout(() => outbox.end(NO_KEY), ms);
  return () => clearTimeout(timer);
}
