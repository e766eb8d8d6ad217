import { describe, expect, test } from "bun:test";
import { type JobSettings, resolveJob } from "../../../src/manager/job-settings.ts";
import { outputLogs } from "../../../src/manager/output-logs.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const job = (settings: Partial<JobSettings>) => resolveJob({ name: "web", cmd: "serve", ...settings });
const pathsOf = (settings: Partial<JobSettings>, slot = 1) =>
  Object.entries(outputLogs(job(settings), "/srv/shop", slot)).map(([label, { path }]) => [label, path]);

describe("outputLogs()", () => {
  test("gives no file where none is asked for", () => {
    expect(pathsOf({})).toEqual([]);
  });

  test("takes both outputs into one file by one pipe, which keeps their order", () => {
    expect(job({ logfile: "web.log" }).redirectOutput).toEqual(["stdout", "stdout"]);
    expect(pathsOf({ logfile: "log/web.log" })).toEqual([["stdout", "/srv/shop/log/web.log"]]);
  });

  test("tells the outputs apart where stderr has a file of its own, or labels ask for it", () => {
    expect(pathsOf({ logfile: "/var/log/o", stderrLogfile: "/var/log/e" })).toEqual([
      ["stderr", "/var/log/e"],
      ["stdout", "/var/log/o"],
    ]);
    expect(pathsOf({ logfile: "/l", redirectOutput: ["a", "b"] })).toEqual([
      ["b", "/l"],
      ["a", "/l"],
    ]);
    expect(pathsOf({ stderrLogfile: "/e" })).toEqual([["stderr", "/e"]]);
  });

  test("puts the slot in for %i, and carries size and number of backups", () => {
    expect(pathsOf({ logfile: "/l/%i/web-%i.log" }, 3)).toEqual([["stdout", "/l/3/web-3.log"]]);
    const config = job({ logfile: "/l", logfileMaxBytes: 1024, logfileBackups: 2 });
    expect(outputLogs(config, "/", 1)).toEqual({ stdout: { path: "/l", maxBytes: 1024, backups: 2 } });
  });
});

test("resolveJob() refuses log files that would stay empty, and sizes that are none", () => {
  for (const [settings, words] of [
    [{ logfile: "l", redirectOutput: [] }, "nothing to write"],
    [{ stderrLogfile: "l", redirectOutput: ["a"] }, "two labels"],
    [{ stderrLogfile: "l", redirectOutput: ["a", "a"] }, "two labels"],
    [{ logfile: "a\0b" }, "NUL"],
    [{ logfileMaxBytes: -1 }, "logfile_maxbytes"],
    [{ logfileBackups: 1001 }, "1000 or less"],
  ] as const) {
    expect(thrownBy(() => job(settings)).message).toContain(words);
  }
  expect(job({ logfile: "", stderrLogfile: "" })).toMatchObject({ logfile: undefined, stderrLogfile: undefined });
});
