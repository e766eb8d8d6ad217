import { describe, expect, test } from "bun:test";
import type { DaemonConfig } from "../../../src/config/daemon-config.ts";
import { describeConfig, shownVariable } from "../../../src/config/describe-config.ts";
import { DEFAULT_DAEMON_CONFIG, loadDaemonConfig } from "../../../src/config/load-daemon-config.ts";
import { resolveJob } from "../../../src/manager/job-settings.ts";
import { TempDir } from "../../support/temp-dir.ts";

const surroundings = { env: {} };

/** What counts of a configuration: every default filled in, whatever file it came from. */
const essence = ({ jobs, ...rest }: DaemonConfig): unknown => ({
  ...rest,
  file: undefined,
  files: [],
  jobs: jobs.map((job) => resolveJob(job)),
});

describe("describeConfig()", () => {
  test("tells of the defaults when nothing is configured", () => {
    expect(describeConfig(DEFAULT_DAEMON_CONFIG)).toBe(
      [
        "# no address is given: 127.0.0.1:5000, and gaffer/gaffer.sock in the runtime folder",
        "[gaffer]",
        "cors_origins = []",
        "allowed_hosts = []",
        "insecure = false",
        "require_key = false",
        "daemonize = false",
        'log_level = "info"',
        "output_memory = 33554432",
        "output_buffer = 65536",
        "",
        "[auth]",
        'keys_dbname = "keys.db"',
        'auth_dbname = "auth.db"',
        "",
      ].join("\n"),
    );
  });

  test("shows a job whole, secrets hidden", () => {
    using dir = new TempDir({
      "g.ini": "[process:web]\ncmd = serve\nenv:API_KEY = sekret1\nenv:DB = pg://u:sekret2@h/d\nenv:PORT = 80\n",
    });
    const text = describeConfig(loadDaemonConfig(dir.file("g.ini"), surroundings));
    expect(text).toContain('[process.default.web.env]\nAPI_KEY = "***"\nDB = "pg://u:***@h/d"\nPORT = "80"\n');
    expect([text.includes("sekret1"), text.includes("sekret2")]).toEqual([false, false]);
    expect(text).toContain(`# ${JSON.stringify(dir.file("g.ini"))}\n`);
    expect(text).toContain("graceful_timeout = 30\n");
  });

  test("shows what plugins are told without the secrets in it, however deep", () => {
    using dir = new TempDir({
      "g.toml": [
        "[gaffer]",
        'plugins_dir = ["a b", "/c"]',
        "[plugin.x]",
        'Title = "t"',
        'url = "http://u:sekret1@h/"',
        'tokens = ["sekret2"]',
        "when = 2026-01-02",
        'list = [{ password = "sekret3", n = 1 }]',
        "[plugin.x.deep]",
        'api_key = "sekret4"',
        "on = true",
      ].join("\n"),
    });
    const config = loadDaemonConfig(dir.file("g.toml"), surroundings);
    const text = describeConfig(config);
    expect(text).not.toContain("sekret");
    const again = loadDaemonConfig(dir.write("again.toml", text), surroundings);
    expect(again.pluginDirs).toEqual([dir.file("a b"), "/c"]);
    expect(JSON.parse(JSON.stringify(again.plugins.get("x")))).toEqual({
      Title: "t",
      url: "http://u:***@h/",
      tokens: "***",
      when: "2026-01-02",
      list: [{ password: "***", n: 1 }],
      deep: { api_key: "***", on: true },
    });
  });

  test("writes what reads as the same configuration", () => {
    using dir = new TempDir({
      "g.ini": [
        "[gaffer]",
        "bind = 127.0.0.1:0 unix:x.sock",
        "pidfile = g.pid",
        "cors_origins = https://ops.example",
        "[endpoint:a b]",
        "bind = [::1]:1",
        "insecure = yes",
        "socket_mode = 0660",
        "[process:s:web]",
        "cmd = sh -c '\n  echo \"%H\" ü'",
        "numprocesses = 3",
        "graceful_timeout = 0.25",
        "flapping = 2, 1., 7., 5",
        "rlimits = nofile=5:unlimited",
        "uid = www",
        "redirect_output =",
        "[process:a]",
        "cmd = x",
        "stop_signal = HUP",
        "[process:s:env]",
        "cmd = x",
        "env:A.b = 1",
      ].join("\n"),
    });
    const config = loadDaemonConfig(dir.file("g.ini"), surroundings);
    const again = loadDaemonConfig(dir.write("again.toml", describeConfig(config)), surroundings);
    expect(essence(again)).toEqual(essence(config));
    expect(again.jobs.map(({ name }) => name)).toEqual(["s.web", "default.a", "s.env"]);
  });
});

test("shownVariable() hides what a name or a URL says is secret", () => {
  const shown = [
    ["api_key", "x"],
    ["GITHUB_TOKEN", "x"],
    ["Secret", "x"],
    ["DB_PASSWORD", "x"],
    ["PORT", "80"],
    ["URL", "https://me:pw@h/x and http://h:80/"],
  ].map(([name = "", value = ""]) => shownVariable(name, value));
  expect(shown).toEqual(["***", "***", "***", "***", "80", "https://me:***@h/x and http://h:80/"]);
});
