import { describe, expect, test } from "bun:test";
import type { DaemonConfig } from "../../../src/config/daemon-config.ts";
import { type DaemonChoice, planDaemon } from "../../../src/daemon/daemon-plan.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const access = { corsOrigins: [], allowedHosts: [], insecure: false, requireKey: false };
const config: DaemonConfig = {
  file: undefined,
  files: [],
  endpoints: [],
  defaultAccess: access,
  tls: {},
  daemonize: false,
  pidfile: "/run/config.pid",
  errorLog: "/var/log/config.log",
  logLevel: "warning",
  stateDir: "/var/lib/config",
  outputMemoryBytes: 1,
  outputBufferBytes: 1,
  pluginDirs: [],
  plugins: new Map(),
  webhooks: [],
  keyring: { keys: "k", users: "u" },
  jobs: [],
};
const choice: DaemonChoice = {
  config: undefined,
  bind: [],
  "state-dir": undefined,
  daemon: false,
  pidfile: undefined,
  verbose: 0,
  "log-level": undefined,
  "error-log": undefined,
  certfile: undefined,
  keyfile: undefined,
  cacert: undefined,
  "plugin-dir": [],
  "require-key": false,
};
const at = { cwd: "/home/me", env: { HOME: "/home/me" }, uid: 1000 };

describe("planDaemon()", () => {
  test("listens on loopback and on the runtime socket when nobody says where", () => {
    expect(planDaemon(config, choice, at).endpoints.map(({ endpoint }) => endpoint)).toEqual([
      { kind: "tcp", host: "127.0.0.1", port: 5000 },
      { kind: "unix", path: "/home/me/.gaffer/run/gaffer.sock" },
    ]);
  });

  test("the command line goes before the configuration, its paths relative to where it was typed", () => {
    const said = { bind: ["unix:g.sock", ":0"], pidfile: "g.pid", "error-log": "/x.log", "state-dir": "st" };
    const plan = planDaemon(config, { ...choice, ...said, "log-level": "debug", verbose: 2 }, at);
    expect(plan).toMatchObject({
      pidfile: "/home/me/g.pid",
      errorLog: "/x.log",
      stateDir: "/home/me/st",
      logLevel: "debug",
      verbose: 2,
    });
    expect(plan.endpoints.map(({ endpoint }) => endpoint)).toEqual([
      { kind: "unix", path: "/home/me/g.sock" },
      { kind: "tcp", host: "127.0.0.1", port: 0 },
    ]);
    expect(planDaemon(config, choice, at)).toMatchObject({
      pidfile: "/run/config.pid",
      errorLog: "/var/log/config.log",
      stateDir: "/var/lib/config",
      logLevel: "warning",
    });
  });

  test("refuses a level that is none and a door that is open", () => {
    expect(thrownBy(() => planDaemon(config, { ...choice, "log-level": "warn" }, at)).message).toContain('"warning"');
    expect(thrownBy(() => planDaemon(config, { ...choice, bind: ["0.0.0.0:1"] }, at)).code).toBe("usage");
  });

  test("warns of an endpoint that is open because it was meant to be", () => {
    const open = { ...config, defaultAccess: { ...access, insecure: true } };
    expect(planDaemon(open, { ...choice, bind: ["0.0.0.0:1"] }, at).warnings).toEqual([
      "insecure is set: everybody who can connect to 0.0.0.0:1 controls this daemon",
    ]);
  });
});
