import { describe, expect, test } from "bun:test";
import { DEFAULT_DAEMON_CONFIG } from "../../../src/config/load-daemon-config.ts";
import { pluginDirs } from "../../../src/daemon/plugin-dirs.ts";

const config = { ...DEFAULT_DAEMON_CONFIG, pluginDirs: ["/conf"] };
const at = (env: Record<string, string>): { cwd: string; env: Record<string, string>; uid: number } => ({
  cwd: "/home/me",
  env: { HOME: "/home/me", ...env },
  uid: 1,
});

describe("pluginDirs()", () => {
  test("takes the flags, else the environment, else the configuration, else the default that need not be there", () => {
    const env = { GAFFER_PLUGIN_DIR: "one::/two:" };
    expect(pluginDirs(["a", "/b", "a"], config, at(env))).toEqual({ dirs: ["/home/me/a", "/b"], named: true });
    expect(pluginDirs([], config, at(env))).toEqual({ dirs: ["/home/me/one", "/two"], named: true });
    expect(pluginDirs([], config, at({ GAFFER_PLUGIN_DIR: "" }))).toEqual({ dirs: ["/conf"], named: true });
    expect(pluginDirs([], DEFAULT_DAEMON_CONFIG, at({}))).toEqual({
      dirs: ["/home/me/.gaffer/plugins"],
      named: false,
    });
  });
});
