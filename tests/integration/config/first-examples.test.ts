import { expect, test } from "bun:test";
import { join } from "node:path";
import { loadDaemonConfig } from "../../../src/config/load-daemon-config.ts";
import { inheritableEnv } from "../../../src/host/child-environment.ts";
import { EmbeddedManager } from "../../../src/host/embedded-manager.ts";
import { markedProcesses } from "../../support/marked-processes.ts";
import { waitFor } from "../../support/wait-for.ts";

test("the jobs of gaffer's first example run, answer and stop", async () => {
  const config = loadDaemonConfig(join(import.meta.dir, "../../fixtures/seeds/gaffer.ini"), {
    env: inheritableEnv(process.env),
  });
  const manager = new EmbeddedManager();
  const said = new Map<string, string>();
  await manager.start([]);
  const started = await Promise.all(config.jobs.map((job) => manager.load(job).done));
  expect(started.map(({ running }) => running)).toEqual([1, 1]);
  const osPids = ["dummy", "echo"].map((job) => {
    const [id = 0] = manager.pids(job);
    const child = manager.process(id);
    child.monitorIo(".", ({ data }) => said.set(job, (said.get(job) ?? "") + new TextDecoder().decode(data)));
    return child.osPid;
  });
  const heard = async (job: string, text: string): Promise<void> =>
    waitFor(
      () => said.get(job)?.includes(text) === true,
      () => `${text} of ${job}, which said ${said.get(job)}`,
    );

  manager.process(manager.pids("echo")[0] ?? 0).writelines(["one", "two"]);
  await heard("echo", "one\ntwo\n");
  // Its handlers are there once it has said anything.
  await heard("dummy", "still here");
  manager.killall("dummy", "HUP");
  await heard("dummy", "SIGHUP received");
  expect(manager.process(manager.pids("dummy")[0] ?? 0).osPid).toBe(osPids[0]);

  await manager.stop();
  expect(said.get("dummy")).toContain("SIGTERM received");
  const left = [...markedProcesses("./dummy.py"), ...markedProcesses("./echo.py")];
  expect(left.filter((pid) => osPids.includes(pid))).toEqual([]);
});
