import type { Clock } from "../../src/manager/clock.ts";
import { systemClock } from "../../src/host/system-clock.ts";

/** Real timers, each so many times shorter: the pauses of a program that waits for seconds, in a test that waits for no time. */
export const hurriedClock = (times: number): Clock => ({
  ...systemClock,
  after: (delayMs, callback) => systemClock.after(delayMs / times, callback),
});
