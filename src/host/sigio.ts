/**
 * SIGIO, shared by all that wait for it. The handler is never taken off again: without one the signal's default action
 * ends the process, and a last signal may be under way when the last descriptor is closed. It holds no event loop.
 *
 * @see signal(7), fcntl(2) `O_ASYNC`
 */
const wakers = new Set<() => void>();
let installed = false;

function wakeAll(): void {
  for (const wake of wakers) wake();
}

/**
 * Calls `wake` at every SIGIO (several signals may come as one).
 *
 * @returns takes it off again.
 */
export function onSigio(wake: () => void): () => void {
  if (!installed) process.on("SIGIO", wakeAll);
  installed = true;
  wakers.add(wake);
  return () => wakers.delete(wake);
}
