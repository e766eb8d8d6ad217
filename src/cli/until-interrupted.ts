/**
 * Runs what goes on until Ctrl-C or SIGTERM.
 *
 * @param work - ends when its signal says so.
 */
export async function untilInterrupted(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(name, stop);
  await work(controller.signal);
}
