import { describe, expect, test } from "bun:test";
import { JOB_DEFAULTS, type JobSettings, resolveJob } from "../../../src/manager/job-settings.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const refusal = (settings: Partial<JobSettings>): string =>
  thrownBy(() => resolveJob({ name: "web", cmd: "serve", ...settings })).message;

describe("resolveJob()", () => {
  test("fills in every default", () => {
    expect(resolveJob({ name: "web", cmd: "serve" })).toEqual({ ...JOB_DEFAULTS, name: "default.web", cmd: "serve" });
  });

  test("makes the same config of a complete config", () => {
    const config = resolveJob({ name: "web", cmd: "serve", args: "a 'b c'", stopSignal: "QUIT", flapping: "2 1 7 5" });
    expect(resolveJob(config)).toEqual(config);
  });

  test("reads names of every form, signals by name, args and flapping as text", () => {
    const config = resolveJob({
      name: "app/web",
      cmd: "serve",
      args: "a 'b c'",
      stopSignal: "quit",
      flapping: "2,1,7,5",
    });
    expect([config.name, config.args, config.stopSignal, config.flapping]).toEqual([
      "app.web",
      ["a", "b c"],
      3,
      { attempts: 2, windowMs: 1000, retryInMs: 7000, maxRetry: 5 },
    ]);
    expect(resolveJob({ name: "web", cmd: "serve" }, "blog").name).toBe("blog.web");
    expect(resolveJob({ name: "shop:web", cmd: "serve" }, "blog").name).toBe("shop.web");
  });

  test("takes an empty uid, gid, cwd and flapping as unset", () => {
    const config = resolveJob({ name: "web", cmd: "serve", uid: "", gid: "", cwd: "", flapping: "" });
    expect([config.uid, config.gid, config.cwd, config.flapping]).toEqual([undefined, undefined, undefined, undefined]);
    expect(resolveJob({ name: "web", cmd: "serve", uid: 0 }).uid).toBe(0);
  });

  test("keeps copies of what it is given", () => {
    const env: Record<string, string> = { A: "1" };
    const args = ["a"];
    const config = resolveJob({ name: "web", cmd: "serve", env, args });
    env["B"] = "2";
    args.push("b");
    expect([config.env, config.args]).toEqual([{ A: "1" }, ["a"]]);
  });

  test("refuses a setting that does not exist, with the nearest that does", () => {
    const mistyped: JobSettings & { numproceses: number } = { name: "web", cmd: "serve", numproceses: 2 };
    expect(thrownBy(() => resolveJob(mistyped))).toEqual({
      code: "job_invalid",
      message: 'Cannot load job "default.web": there is no setting "numproceses" (did you mean "numprocesses"?)',
    });
  });

  const refused: readonly [name: string, settings: Partial<JobSettings>, fact: string][] = [
    ["a number below 0", { numprocesses: -1 }, "numprocesses is -1: it must be a whole number, 0 or more"],
    ["a fraction of a process", { numprocesses: 1.5 }, "numprocesses is 1.5: it must be a whole number, 0 or more"],
    ["too many processes", { numprocesses: 40_000 }, "numprocesses is 40000: it must be 32768 or less"],
    ["a priority below 0", { priority: -1 }, "priority is -1: it must be a whole number, 0 or more"],
    [
      "a graceful timeout below 0",
      { gracefulTimeoutMs: -500 },
      "graceful_timeout is -0.5 s: it must be 0 to 2147483.647 s",
    ],
    [
      "a graceful timeout that is none",
      { gracefulTimeoutMs: Number.NaN },
      "graceful_timeout is NaN s: it must be 0 to 2147483.647 s",
    ],
    ["an empty command", { cmd: "  " }, "cmd is empty"],
    ["args with an open quote", { args: "a 'b" }, 'args "a \'b": a quote is not closed'],
    ["a NUL byte", { args: ["a\0"] }, "args holds a NUL byte, which no program can be given"],
    [
      "flapping with three numbers",
      { flapping: "2 1 7" },
      'flapping "2 1 7": it takes attempts, window, retry_in, max_retry',
    ],
    ["flapping without attempts", { flapping: "0 1 7 5" }, "flapping attempts must be 1 or more"],
    ["flapping that is no number", { flapping: "2 x 7 5" }, "flapping window is NaN s: it must be 0 to 2147483.647 s"],
    [
      "a flapping policy with a negative pause",
      { flapping: { attempts: 1, windowMs: 1000, retryInMs: -1, maxRetry: 1 } },
      "flapping retry_in is -0.001 s: it must be 0 to 2147483.647 s",
    ],
    [
      "three output labels",
      { redirectOutput: ["a", "b", "c"] },
      "redirect_output has 3 labels: it takes two at most, stdout's and stderr's",
    ],
    ["an env name with =", { env: { "A=B": "" } }, 'env names "A=B": a variable\'s name is not empty and has no "="'],
    [
      "a hard limit below the soft one",
      { rlimits: { nofile: { soft: 2, hard: 1 } } },
      "rlimit nofile is 2:1: soft must be 0 or more and no more than hard",
    ],
  ];
  for (const [name, settings, fact] of refused) {
    test(`refuses ${name}`, () => {
      expect(refusal(settings)).toBe(`Cannot load job "default.web": ${fact}`);
    });
  }

  test("refuses a bad signal and a bad name by their own codes", () => {
    expect(thrownBy(() => resolveJob({ name: "web", cmd: "serve", stopSignal: "NOPE" })).code).toBe("bad_signal");
    for (const name of ["12", "-web", "a.b.c", "", "we b"])
      expect(thrownBy(() => resolveJob({ name, cmd: "serve" })).code).toBe("job_invalid");
  });
});
