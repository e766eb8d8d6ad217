import { DaemonRun } from "./daemon-run.ts";
import { pssMiB } from "./children-of.ts";

const GIB = 2 ** 30;
const CHUNK = "x".repeat(99);

/** Memory of a daemon with 1000 silent processes, in MiB: at rest, after 10 000 restarts and 1 GiB of output, and after as much again. */
export async function measureLongLife(
  gaffer: string,
): Promise<readonly [before: number, after: number, later: number]> {
  const talker = `[process:talk]\ncmd = sh -c 'yes ${CHUNK} | head -c ${GIB / 8}'\nnumprocesses = 8\nrestart = never\nstart = false\n`;
  await using daemon = new DaemonRun(gaffer, `[process:p]\ncmd = sleep 100000\nnumprocesses = 1000\n\n${talker}`);
  const post = (path: string, body: string): Promise<string> => daemon.ask(path, { method: "POST", body });
  await post("/jobs/default/p/state?wait=60", "1");
  await Bun.sleep(8000);
  const before = pssMiB(daemon.pid);
  const live = async (): Promise<number> => {
    for (let round = 0; round < 10; round++) await post("/jobs/default/p/state?wait=60", "2");
    await post("/jobs/default/talk/state?wait=120", "1");
    while (JSON.parse(await daemon.ask("/jobs/default/talk")).running > 0) await Bun.sleep(200);
    await Bun.sleep(8000);
    return pssMiB(daemon.pid);
  };
  return [before, await live(), await live()];
}
