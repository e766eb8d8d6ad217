import { expect, test } from "bun:test";
import { markedProcesses } from "../support/marked-processes.ts";
import { RunningGaffer } from "../support/running-gaffer.ts";
import { TempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

let count = 0;
/** A number of seconds to sleep that no other process of this machine sleeps: the mark its processes are found by. */
const ownMark = (): string => `86${process.pid}.${++count}`;

/** Each way a program can try to outlive its stop: `M` stands for a sleep that carries the mark. */
const escapes: Record<string, string> = {
  "a leader that ignores SIGTERM": `trap '' TERM; echo up; while :; do M; done`,
  "a child that ignores SIGTERM while the leader exits at once": `(trap '' TERM; M) & echo up; wait`,
  "a grandchild in a session of its own": `setsid sh -c 'M' & echo up; wait`,
  "a double fork": `(setsid sh -c 'M & exit' &); echo up; exec M`,
  "a double fork with a cleared environment that ignores SIGTERM": `(env -i setsid sh -c 'trap "" TERM; (M &) ; exit' &); echo up; exec M`,
  "a shell around a server": `echo up; M; echo never`,
  "a leader that stays while its children come and go": `while :; do (M) & echo up; sleep 0.05; done`,
};

for (const [what, script] of Object.entries(escapes)) {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    test(`${signal} leaves nothing of ${what}`, async () => {
      const mark = ownMark();
      using dir = new TempDir({ "run.sh": script.replaceAll("M", `sleep ${mark}`), Procfile: "p: exec sh run.sh\n" });
      await using gaffer = new RunningGaffer(["start", "-t", "0.3"], { cwd: dir.path });
      await gaffer.said(/\| up/);
      await waitFor(
        () => markedProcesses(mark).length > 0,
        () => "the marked process",
      );
      await gaffer.stop(signal);
      expect(markedProcesses(mark)).toEqual([]);
    });
  }
}

test("a leader that dies by itself takes its children along before it is started again", async () => {
  const mark = ownMark();
  // Each life leaves a child behind that ignores SIGTERM; each life says how many it found.
  const script = `echo "found [$(pgrep -cf 'sleep ${mark}')]"; (trap '' TERM; sleep ${mark}) & sleep 0.1; exit 1`;
  using dir = new TempDir({ "run.sh": script, Procfile: "p: exec sh run.sh\n" });
  await using gaffer = new RunningGaffer(["start", "-t", "0.2"], { cwd: dir.path });
  await gaffer.said(/(found \[\d+\][^]*){3}/);
  await gaffer.stop();
  expect([...gaffer.stdout.matchAll(/found \[(\d+)\]/g)].map(([, found]) => found)).toEqual(
    expect.not.arrayContaining([expect.stringMatching(/[1-9]/)]),
  );
  expect(markedProcesses(mark)).toEqual([]);
});

test("a second signal kills at once what the first only asked", async () => {
  const mark = ownMark();
  using dir = new TempDir({ Procfile: `p: exec sh -c "trap '' TERM; echo up; while :; do sleep ${mark}; done"\n` });
  await using gaffer = new RunningGaffer(["start"], { cwd: dir.path });
  await gaffer.said(/\| up/);
  gaffer.child.kill("SIGINT");
  await waitFor(
    () => `${gaffer.stdout}${gaffer.stderr}`.includes("again"),
    () => "the word of the second signal",
  );
  // One that comes in the same breath as the first is no second one: it is asked again until it is heard.
  await waitFor(
    () => {
      gaffer.child.kill("SIGINT");
      return gaffer.child.exitCode !== null;
    },
    () => "the end after a second signal",
  );
  await gaffer.ended();
  expect(markedProcesses(mark)).toEqual([]);
});
