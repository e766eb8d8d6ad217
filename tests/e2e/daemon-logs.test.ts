import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { countLogged, countNumbered, numberedLines, rotatedFiles } from "../support/log-run.ts";
import { RunningDaemon } from "../support/running-daemon.ts";
import { waitFor } from "../support/wait-for.ts";

const names = ["one", "two", "three", "four"];

/** A job that says numbered lines, once. */
const flood = (name: string, lines: number, log: Record<string, unknown>): Record<string, unknown> => {
  const [cmd, ...args] = numberedLines(name, lines);
  return { name, cmd, args, restart: "never", ...log };
};

async function allEnded(daemon: RunningDaemon): Promise<void> {
  for (const name of names) await daemon.until(`/jobs/default/${name}`, /"state":"exited"/);
}

const counted = (counts: Map<string, number>): [string, number][] =>
  [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1));

describe("log files of the daemon", () => {
  test("several jobs into one file across rotations: every line is there, once, whole", async () => {
    await using daemon = await RunningDaemon.start();
    const log = { logfile: daemon.dir.file("log"), logfile_maxbytes: 40_000, logfile_backups: 1000 };
    for (const name of names) await daemon.request("POST /jobs/default", flood(name, 20_000, log));
    await allEnded(daemon);
    expect(rotatedFiles(log.logfile).length).toBeGreaterThan(100);
    expect(counted(countLogged(log.logfile))).toEqual(names.toSorted().map((name) => [name, 20_000]));
  });

  test("SIGUSR1 after somebody else has moved the file: it is made anew, and no line is lost or torn", async () => {
    await using daemon = await RunningDaemon.start();
    const path = daemon.dir.file("log");
    const log = { logfile: path, logfile_maxbytes: 0 };
    for (const name of names) await daemon.request("POST /jobs/default", flood(name, 300_000, log));
    const moved: string[] = [];
    for (let n = 0; n < 3; n++) {
      await waitFor(
        () => existsSync(path),
        () => `${path}, moved ${n} times`,
      );
      moved.push(`${path}.old${n}`);
      renameSync(path, `${path}.old${n}`);
      daemon.gaffer.child.kill("SIGUSR1");
      await daemon.logged(new RegExp(`(?:opened anew[^]*){${n + 1}}`));
      // Somebody must still be writing for the file to come back; one more line is sure to come.
      await daemon.request("POST /jobs/default", { name: `more${n}`, cmd: "echo", args: [], restart: "never", ...log });
    }
    await allEnded(daemon);
    const texts = [...moved, path].filter(existsSync).map((file) => readFileSync(file, "latin1"));
    const counts = countNumbered(texts.map((text) => text.replaceAll(/^\n/gm, "")));
    expect(counted(counts)).toEqual(names.toSorted().map((name) => [name, 300_000]));
  });

  test("a folder that is not there is told once, stops no job, and is found once it is", async () => {
    await using daemon = await RunningDaemon.start();
    const path = daemon.dir.file("logs/web");
    const script = "while sleep 0.05; do echo said; done";
    await daemon.request("POST /jobs/default", { name: "web", cmd: script, shell: true, logfile: path });
    await daemon.logged(/Cannot write log file ".*\/logs\/web": its folder does not exist/);
    mkdirSync(daemon.dir.file("logs"));
    await daemon.logged(/Log file ".*\/logs\/web" is written again: \d+ bytes were lost/);
    expect(readFileSync(path, "utf8")).toMatch(
      /^--- gaffer: \d+ bytes lost here: its folder does not exist ---\nsaid\n/,
    );
    const { code, log } = await daemon.stopped();
    expect([code, log.match(/Cannot write/g)?.length]).toEqual([0, 1]);
  });
});
