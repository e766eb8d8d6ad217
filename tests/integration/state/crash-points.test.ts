import { describe, expect, test } from "bun:test";
import { Life } from "../../support/life.ts";
import { SoleJobs } from "../../support/sole-jobs.ts";
import { TempDir } from "../../support/temp-dir.ts";
import { wholeTrees } from "../../support/tree-run.ts";
import { waitFor } from "../../support/wait-for.ts";

/**
 * Steps that a crash may come between in the commands of {@link run}, at least: an end that nobody notices would hide here. There are about 35,
 * fewer when the machine is so slow that several are written at once.
 */
const FEWEST_STEPS = 20;

describe.each(wholeTrees)("a crash between any two steps, trees held by %s", (trees) => {
  test("nothing runs twice, and nobody is lost", async () => {
    using dir = new TempDir();
    using sole = new SoleJobs(dir);
    const plain = sole.job(2, { restart: "always" });
    const detached = sole.job(1, { name: "detached", detach: true });
    const options = { folder: dir.file("state"), trees, jobs: [plain, detached] };
    const labels = ["default.job.1", "default.job.2", "default.detached.1"];
    let dieAt = 1;
    for (let completed = false; !completed; dieAt++) {
      {
        await using life = new Life({ ...options, dieAt });
        completed = await life.does("killall default.job", "scale default.job=1", "stop default.detached", "quit");
      }
      await using next = new Life(options);
      const up = (await next.up()).flatMap(({ osPid }) => osPid ?? []).toSorted((a, b) => a - b);
      await waitFor(
        () => up.every((pid) => sole.starts.some((start) => start.pid === pid)),
        () => `the starts of ${up.join()} after step ${dieAt}`,
      );
      expect({ dieAt, alive: sole.alive, complaints: sole.complaints }).toEqual({ dieAt, alive: up, complaints: [] });
      expect(up).toHaveLength(labels.length);
      // The next crash comes upon a life that finds these.
      await next.kill();
    }
    await using last = new Life({ ...options, jobs: [] });
    await last.up();
    expect({ alive: sole.alive, complaints: sole.complaints }).toEqual({ alive: [], complaints: [] });
    expect(dieAt).toBeGreaterThan(FEWEST_STEPS);
  }, 120_000);
});
