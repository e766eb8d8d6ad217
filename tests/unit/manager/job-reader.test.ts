import { describe, expect, test } from "bun:test";
import { GafferError } from "../../../src/base/gaffer-error.ts";
import { inspectJob, readJobFields } from "../../../src/manager/job-reader.ts";
import { resolveJob } from "../../../src/manager/job-settings.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const refusal = (fields: Readonly<Record<string, unknown>>): string =>
  thrownBy(() => readJobFields({ name: "web", cmd: "serve", ...fields })).message;

describe("readJobFields()", () => {
  test("reads every field by its documented name", () => {
    expect(
      readJobFields(
        {
          name: "web",
          cmd: "serve -v",
          args: "a 'b c'",
          env: { A: "1", PORT: 80, DEBUG: true },
          os_env: false,
          cwd: "/srv",
          uid: "www",
          gid: 33,
          shell: true,
          numprocesses: 3,
          start: false,
          priority: 2,
          graceful_timeout: 0.5,
          stop_signal: "quit",
          restart: "on-failure",
          flapping: { attempts: 3, window: 2 },
          redirect_output: "out, err",
          redirect_input: true,
          logfile: "web.log",
          stderr_logfile: "err.log",
          logfile_maxbytes: "50m",
          logfile_backups: 2,
          sockets: [],
          custom_streams: ["ctl"],
          detach: true,
          rlimits: { nofile: 1024, core: "0:unlimited", RLIMIT_AS: "unlimited" },
        },
        { session: "shop" },
      ),
    ).toEqual({
      name: "shop.web",
      cmd: "serve -v",
      args: ["a", "b c"],
      env: { A: "1", PORT: "80", DEBUG: "true" },
      osEnv: false,
      cwd: "/srv",
      uid: "www",
      gid: 33,
      shell: true,
      numprocesses: 3,
      start: false,
      priority: 2,
      gracefulTimeoutMs: 500,
      stopSignal: 3,
      restart: "on-failure",
      flapping: { attempts: 3, windowMs: 2000, retryInMs: 7000, maxRetry: 5 },
      redirectOutput: ["out", "err"],
      redirectInput: true,
      logfile: "web.log",
      stderrLogfile: "err.log",
      logfileMaxBytes: 52_428_800,
      logfileBackups: 2,
      customStreams: ["ctl"],
      detach: true,
      rlimits: {
        nofile: { soft: 1024, hard: 1024 },
        core: { soft: 0, hard: Infinity },
        RLIMIT_AS: { soft: Infinity, hard: Infinity },
      },
    });
  });

  test("takes null for a field that is not given", () => {
    expect(readJobFields({ name: "web", cmd: "serve", uid: null, flapping: null, custom_channels: null })).toEqual({
      name: "default.web",
      cmd: "serve",
    });
  });

  test("tells of every problem at once", () => {
    const fields = { name: "web", numproceses: 2, start: "yes", priority: -1, env: { A: [], "B=": "" }, cmd: "serve" };
    expect(thrownBy(() => readJobFields(fields))).toEqual({
      code: "job_invalid",
      message: [
        'Cannot load job "default.web": 4 problems',
        'there is no setting "numproceses" (did you mean "numprocesses"?)',
        'start is the text "yes": it must be true or false',
        "priority is the number -1: it must be a whole number, 0 or more",
        "env A is an empty list: it must be a text",
      ].join("\n  "),
    });
  });

  test("looks at values together too, but not twice at one that is wrong", () => {
    expect(refusal({ numprocesses: 40_000, stderr_logfile: "e", redirect_output: ["one"] })).toBe(
      [
        'Cannot load job "default.web": 2 problems',
        "numprocesses is the number 40000: it must be a whole number, 0 to 32768",
        "stderr_logfile is set, but redirect_output does not tell stderr apart: give it two labels",
      ].join("\n  "),
    );
  });

  test("hands the path of each problem to programs", () => {
    const { problems, settings } = inspectJob({ name: "web", cmd: "", rlimits: { nofiel: 1 }, env: { "": "x" } });
    expect([settings, problems.map(({ path }) => path)]).toEqual([
      undefined,
      [["rlimits", "nofiel"], ["cmd"], ["env", ""]],
    ]);
  });

  test("names what is missing", () => {
    expect(thrownBy(() => readJobFields({})).message).toBe(
      "Cannot load a job: 2 problems\n  name is missing\n  cmd is missing: it takes a program or a command line",
    );
    expect(thrownBy(() => readJobFields({ name: "1", cmd: "x" })).message).toBe(
      'Cannot load a job: name is "1": a name is letters, digits, _ + -, begins with a letter, digit or _, and is not all digits',
    );
  });

  test.each([
    [[], "an empty list"],
    [null, "null"],
    ["web", 'the text "web"'],
    [7, "the number 7"],
  ])("refuses %j, which is no table", (value, what) => {
    expect(thrownBy(() => readJobFields(value)).message).toBe(
      `Cannot load a job: it is ${what}: it must be a table of fields`,
    );
  });

  const refused: readonly [fields: Readonly<Record<string, unknown>>, fact: string][] = [
    [{ name: 7 }, "Cannot load a job: name is the number 7: it must be a text"],
    [{ cmd: 7 }, "cmd is the number 7: it must be a text"],
    [{ args: ["a", 1] }, "args has the number 1 at place 2: each of the list must be a text"],
    [{ args: "a 'b" }, 'args "a \'b": a quote is not closed'],
    [{ uid: -1 }, "uid is the number -1: it must be a name or a number, 0 or more"],
    [{ numprocesses: "3" }, 'numprocesses is the text "3": it must be a whole number, 0 to 32768'],
    [{ graceful_timeout: -1 }, "graceful_timeout is the number -1: it must be a number of seconds, 0 to 2147483.647"],
    [
      { stop_signal: "NOPE" },
      'stop_signal is the text "NOPE": it must be a signal of this machine, such as TERM, SIGHUP or 15',
    ],
    [{ restart: "Never" }, 'restart is the text "Never": it must be one of always, on-failure, never'],
    [{ flapping: "2 1 7" }, 'flapping "2 1 7": it takes attempts, window, retry_in, max_retry'],
    [{ flapping: "0 1 7 5" }, "flapping attempts must be 1 or more"],
    [
      { flapping: true },
      "flapping is true: it must be a text of attempts, window, retry_in, max_retry, or a table of them",
    ],
    [
      { flapping: { retryin: 1 } },
      'flapping retryin is unknown (did you mean "retry_in"?): the fields are attempts, window, retry_in, max_retry',
    ],
    [
      { flapping: { window: "1" } },
      'flapping window is the text "1": it must be a number of seconds, 0 to 2147483.647',
    ],
    [{ redirect_output: { a: 1 } }, "redirect_output is a table: it must be a list of texts"],
    [{ redirect_output: ["a", "b", "c"] }, "redirect_output has 3 labels: it takes two at most, stdout's and stderr's"],
    [
      { logfile_maxbytes: "5q" },
      'logfile_maxbytes is the text "5q": it must be a number of bytes, or one with k, m or g such as 50m',
    ],
    [{ sockets: ["web"] }, "sockets asks for sockets, which are not built yet: leave it out"],
    [{ custom_channels: [3] }, "custom_channels can only be handed on by a program that embeds gaffer"],
    [{ custom_channels: "x" }, 'custom_channels is the text "x": it must be a list of descriptors'],
    [{ rlimits: 7 }, 'rlimits is the number 7: it must be a table such as {"nofile": 1024, "core": "0:unlimited"}'],
    [
      { rlimits: { nofile: "x" } },
      'rlimits nofile is the text "x": it must be a whole number, "soft:hard" or "unlimited"',
    ],
    [{ rlimits: { nofile: "2:1" } }, "rlimit nofile is 2:1: soft must be 0 or more and no more than hard"],
    [{ rlimits: { nofile: 1, NOFILE: 1 } }, "rlimits NOFILE is given twice"],
    [{ env: "A=1" }, 'env is the text "A=1": it must be a table of names and texts'],
  ];
  for (const [fields, fact] of refused) {
    test(`refuses ${JSON.stringify(fields)}`, () => {
      expect(refusal(fields)).toBe(fact.startsWith("Cannot") ? fact : `Cannot load job "default.web": ${fact}`);
    });
  }

  test("reads what resolveJob() takes without a word", () => {
    const settings = readJobFields({ name: "web", cmd: "serve", flapping: "", uid: "", logfile: "" });
    expect(resolveJob(settings)).toMatchObject({ flapping: undefined, uid: undefined, logfile: undefined });
  });

  test("stops at the twentieth problem of a large body", () => {
    const fields = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`fild${index}`, 1]));
    try {
      readJobFields({ ...fields, name: "web", cmd: "serve" });
      throw new Error("it was expected to throw");
    } catch (error) {
      if (!(error instanceof GafferError)) throw error;
      expect(error.message.split("\n")).toHaveLength(21);
      expect(error.message).toContain("at least 20 problems");
      expect(error.details["problems"]).toHaveLength(20);
    }
  });

  test("lets an embedding program hand on descriptors", () => {
    const fields = { name: "web", cmd: "serve", custom_channels: [3, 4] };
    expect(readJobFields(fields, { embedding: true })).toMatchObject({ customChannels: [3, 4] });
  });
});
