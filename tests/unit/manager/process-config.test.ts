import { describe, expect, test } from "bun:test";
import { ProcessConfig } from "../../../src/manager/process-config.ts";
import { resolveJob } from "../../../src/manager/job-settings.ts";
import { thrownBy } from "../../support/thrown-by.ts";

describe("ProcessConfig", () => {
  test("gives settings by their documented names, with defaults", () => {
    const config = new ProcessConfig("dummy", "serve", { args: ["-v"], redirect_input: true });
    expect(["name", "cmd", "args", "redirect_input", "shell", "uid"].map((key) => config.get(key))).toEqual([
      "dummy",
      "serve",
      ["-v"],
      true,
      false,
      undefined,
    ]);
    expect(config.get("numprocesses", 1)).toBe(1);
  });

  test("survives the way to a dict and back", () => {
    const dict = new ProcessConfig("dummy", "serve", { env: { A: "1" }, numprocesses: 3 }).toDict();
    expect(dict).toMatchObject({ name: "dummy", cmd: "serve", env: { A: "1" }, numprocesses: 3, custom_streams: [] });
    expect(ProcessConfig.fromDict(dict).toDict()).toEqual(dict);
  });

  test("becomes settings that a manager takes, seconds made milliseconds", () => {
    const config = ProcessConfig.fromDict({
      name: "dummy",
      cmd: "serve",
      uid: null,
      os_env: false,
      graceful_timeout: 0.5,
      stop_signal: "INT",
      redirect_output: ["out"],
      flapping: { attempts: 2, window: 1, retry_in: 7, max_retry: 5 },
    });
    expect(resolveJob(config.toSettings())).toMatchObject({
      name: "default.dummy",
      uid: undefined,
      osEnv: false,
      gracefulTimeoutMs: 500,
      stopSignal: 2,
      redirectOutput: ["out"],
      flapping: { attempts: 2, windowMs: 1000, retryInMs: 7000, maxRetry: 5 },
    });
  });

  test("refuses a dict without name or cmd, and a setting that does not exist", () => {
    expect(thrownBy(() => ProcessConfig.fromDict({ cmd: "serve" })).message).toContain("name is missing");
    expect(thrownBy(() => ProcessConfig.fromDict({ name: "dummy" })).message).toContain("cmd is missing");
    expect(thrownBy(() => new ProcessConfig("dummy", "serve", { redirect_ouput: [] })).message).toBe(
      'Cannot configure process "dummy": there is no setting "redirect_ouput" (did you mean "redirect_output"?)',
    );
  });
});
