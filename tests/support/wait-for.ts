/**
 * Waits until a condition holds, looking every few milliseconds.
 *
 * @param describe - what was waited for, said when the test runner's own time limit is near.
 */
export async function waitFor(condition: () => boolean, describe: () => string): Promise<void> {
  const limit = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > limit) throw new Error(`never came: ${describe()}`);
    await Bun.sleep(5);
  }
}
