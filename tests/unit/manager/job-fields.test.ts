import { describe, expect, test } from "bun:test";
import { describeJob, JOB_FIELDS } from "../../../src/manager/job-fields.ts";
import { readJobFields } from "../../../src/manager/job-reader.ts";
import { JOB_DEFAULTS, type JobSettings, resolveJob } from "../../../src/manager/job-settings.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

describe("describeJob()", () => {
  test("gives every default by its documented name, null for what is unset", () => {
    expect(describeJob(resolveJob({ name: "web", cmd: "serve" }))).toEqual({
      name: "default.web",
      cmd: "serve",
      args: [],
      env: {},
      os_env: true,
      cwd: null,
      uid: null,
      gid: null,
      shell: false,
      numprocesses: 1,
      port: null,
      start: true,
      priority: null,
      graceful_timeout: 30,
      stop_signal: "SIGTERM",
      restart: "always",
      flapping: null,
      redirect_output: ["stdout", "stderr"],
      redirect_input: false,
      logfile: null,
      stderr_logfile: null,
      logfile_maxbytes: 52_428_800,
      logfile_backups: 10,
      sockets: [],
      custom_streams: [],
      detach: false,
      rlimits: {},
    });
  });

  test("leaves out what only an embedding program has", () => {
    const config = resolveJob({ name: "web", cmd: "serve", customChannels: [7] });
    const described = JSON.stringify(describeJob(config));
    expect([described.includes("channels"), described.includes("lotEnv"), described.includes("PORT")]).toEqual([
      false,
      false,
      false,
    ]);
  });

  test("shows limits, policies and real-time signals as they are read", () => {
    const rlimits = {
      nofile: { soft: 5, hard: 5 },
      core: { soft: 0, hard: Infinity },
      as: { soft: Infinity, hard: Infinity },
    };
    const config = resolveJob({ name: "web", cmd: "serve", stopSignal: 35, flapping: "2, 1.5, 7, 5", rlimits });
    expect(describeJob(config)).toMatchObject({
      stop_signal: 35,
      flapping: { attempts: 2, window: 1.5, retry_in: 7, max_retry: 5 },
      rlimits: { nofile: 5, core: "0:unlimited", as: "unlimited" },
    });
  });
});

/** Settings of which every field may be set, all of them valid. */
function randomSettings(random: SeededRandom): JobSettings {
  const maybe = <T>(make: () => T): T | undefined => (random.next() < 0.5 ? make() : undefined);
  const word = (): string => random.pick(["a", "b c", 'd"e', "$X", "é\n", "%i", ""]);
  const ms = (): number => random.pick([0, 1, 100, 1001, 4350, 30_000, 0.5, 2 ** 31 - 1]) + random.below(7);
  const limit = { soft: random.below(9), hard: random.pick([9, 1024, Infinity]) };
  const settings = {
    args: maybe(() => random.several(3, word)),
    env: maybe(() => Object.fromEntries(random.several(3, () => [random.pick(["A", "b", "__proto__"]), word()]))),
    osEnv: maybe(() => random.next() < 0.5),
    cwd: maybe(() => random.pick(["", "/srv"])),
    uid: maybe(() => random.pick([0, "www", "12", ""])),
    gid: maybe(() => random.pick([0, "www", "12", ""])),
    shell: maybe(() => random.next() < 0.5),
    numprocesses: maybe(() => random.below(32_769)),
    start: maybe(() => random.next() < 0.5),
    priority: maybe(() => random.pick([0, 7, Infinity])),
    gracefulTimeoutMs: maybe(() => Math.min(ms(), 2 ** 31 - 1)),
    stopSignal: maybe(() => random.pick([1, 15, 35, "hup", "SIGQUIT", "9"])),
    restart: maybe(() => random.pick(["always", "on-failure", "never"] as const)),
    flapping: maybe(() => random.pick(["", "2, 1., 7., 5", { attempts: 1, windowMs: 1, retryInMs: 333, maxRetry: 0 }])),
    redirectOutput: maybe(() => random.pick([["a"], ["a", "b"], ["a", "a"]])),
    redirectInput: maybe(() => random.next() < 0.5),
    logfile: maybe(() => random.pick(["", "x.log", "/var/log/%i"])),
    logfileMaxBytes: maybe(() => random.below(1e9)),
    logfileBackups: maybe(() => random.below(1001)),
    customStreams: maybe(() => ["ctl"]),
    detach: maybe(() => random.next() < 0.5),
    rlimits: maybe(() => ({ [random.pick(["nofile", "CORE", "RLIMIT_AS"])]: limit })),
  };
  const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  return { ...given, name: random.pick(["web", "shop.web", "shop:web"]), cmd: random.pick(["serve", "a 'b c'"]) };
}

describe("the table of fields", () => {
  const seed = 20_261_123;

  test(`describes what reads back as the same config, through JSON (seed ${seed})`, () => {
    const random = new SeededRandom(seed);
    for (let round = 0; round < 2000; round++) {
      const config = resolveJob(randomSettings(random));
      const described: unknown = JSON.parse(JSON.stringify(describeJob(config)));
      expect(resolveJob(readJobFields(described))).toEqual(config);
    }
  });

  test("has every setting that an author may write, once", () => {
    const settings: string[] = JOB_FIELDS.flatMap(({ setting }) => setting ?? []);
    const written = Object.keys(JOB_DEFAULTS).filter((name) => name !== "customChannels");
    expect(settings.toSorted()).toEqual(["name", "cmd", ...written].toSorted());
  });
});
