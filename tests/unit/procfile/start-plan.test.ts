import { describe, expect, test } from "bun:test";
import type { EnvSettings } from "../../../src/config/env-sources.ts";
import { Procfile } from "../../../src/config/procfile.ts";
import { JOB_DEFAULTS } from "../../../src/manager/job-settings.ts";
import { planStart, type StartChoice, type StartFacts, type StartPlan } from "../../../src/procfile/start-plan.ts";
import { thrownBy } from "../../support/thrown-by.ts";

interface Given {
  readonly text?: string;
  readonly settings?: Partial<EnvSettings>;
  readonly choice?: Partial<StartChoice>;
  readonly facts?: Partial<StartFacts>;
}

function plan({
  text = "web: node web.js $PORT\nworker: cd x && ./run\n",
  settings,
  choice,
  facts,
}: Given = {}): StartPlan {
  const procfile = Procfile.parse(text, { root: "/srv/My Shop" });
  return planStart(
    { procfile, settings: { uid: undefined, gid: undefined, redirectInput: new Set(), env: {}, ...settings } },
    { jobs: [], concurrency: [], port: undefined, restart: true, timeout: undefined, json: false, ...choice },
    { userPort: undefined, isTaken: () => false, ...facts },
  );
}

const names = (given: Given): string[] => plan(given).jobs.map(({ name }) => name);

describe("planStart()", () => {
  test("makes a checked job of every line", () => {
    const { session, jobs, notices } = plan({ settings: { env: { A: "1" } } });
    expect([session, notices]).toEqual(["My-Shop", []]);
    expect(jobs).toEqual([
      {
        ...JOB_DEFAULTS,
        name: "My-Shop.web",
        cmd: "node",
        args: ["web.js", "$PORT"],
        env: { A: "1" },
        cwd: "/srv/My Shop",
        redirectOutput: ["stdout", "stdout"],
        port: 5000,
      },
      expect.objectContaining({
        name: "My-Shop.worker",
        cmd: "cd x && ./run",
        args: [],
        shell: true,
        priority: Infinity,
      }),
    ]);
  });

  test("keeps stdout and stderr in their order, and apart for --json", () => {
    expect(plan({ choice: { json: false } }).jobs[0]?.redirectOutput).toEqual(["stdout", "stdout"]);
    expect(plan({ choice: { json: true } }).jobs[0]?.redirectOutput).toEqual(["stdout", "stderr"]);
  });

  test("hands every slot its port, and no PORT of the files", () => {
    const { jobs } = plan({ choice: { concurrency: ["web=2"] }, settings: { env: { PORT: "7000", A: "1" } } });
    expect(jobs.map(({ port }) => port)).toEqual([7000, 7100]);
    expect(jobs[0]?.env).toEqual({ A: "1" });
  });

  test("says that the port moved on", () => {
    const { notices, jobs } = plan({ facts: { isTaken: (port) => port === 5000 } });
    expect(notices).toEqual(["port 5000 is taken, so PORT begins at 5100 (choose with -p)"]);
    expect(jobs[0]?.port).toBe(5100);
  });

  test("carries out what was chosen", () => {
    const choice = { concurrency: ["web=3"], restart: false, timeout: 0.5, port: 80 };
    const settings = { uid: "www", gid: "33", redirectInput: new Set(["web"]) };
    const [web] = plan({ choice, settings }).jobs;
    expect(web).toMatchObject({
      numprocesses: 3,
      restart: "never",
      gracefulTimeoutMs: 500,
      uid: "www",
      gid: "33",
      redirectInput: true,
      port: 80,
    });
  });

  test("starts the jobs that are named, in Procfile order and with the ports of their places", () => {
    const text = "a: x\nb: x\nc: x\n";
    expect(names({ text, choice: { jobs: ["c", "a", "c"] } })).toEqual(["My-Shop.a", "My-Shop.c"]);
    expect(plan({ text, choice: { jobs: ["c"] } }).jobs[0]?.port).toBe(5200);
  });

  test("refuses a job that is not there", () => {
    expect(thrownBy(() => plan({ choice: { jobs: ["wbe"] } }))).toEqual({
      code: "usage",
      message: 'Cannot use job "wbe": the Procfile has none of that name (did you mean "web"?); it has web, worker',
    });
  });

  test("refuses to start nothing", () => {
    const nothing = { code: "usage", message: expect.stringContaining("every job has 0 processes") };
    expect(thrownBy(() => plan({ choice: { concurrency: ["all=0"] } }))).toEqual(nothing);
    expect(thrownBy(() => plan({ choice: { jobs: ["web"], concurrency: ["web=0"] } }))).toEqual(nothing);
  });
});
