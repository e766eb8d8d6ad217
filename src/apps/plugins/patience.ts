/**
 * Waits for something, but not for ever.
 *
 * @returns whether it came in time.
 * @throws what it rejects with, in time.
 */
export async function inTime(work: Promise<unknown>, patienceMs: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), patienceMs);
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
