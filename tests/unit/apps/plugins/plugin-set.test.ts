import { describe, expect, test } from "bun:test";
import { Plugin } from "../../../../src/apps/plugins/plugin.ts";
import { PluginRecord } from "../../../../src/apps/plugins/plugin-record.ts";
import { PluginSet } from "../../../../src/apps/plugins/plugin-set.ts";
import { PluginDir } from "../../../support/plugin-dir.ts";

class IdlePlugin extends Plugin {
  readonly name = "idle";
  override app(): { start(): void; stop(): void } {
    return { start: () => undefined, stop: () => undefined };
  }
}

/** A set of plugins that were loaded from folders of these names, and its log. */
function setOf(plugins: PluginDir, ...names: string[]): { set: PluginSet; lines: string[] } {
  const [set, lines]: [PluginSet, string[]] = [new PluginSet([plugins.path]), []];
  const tell = (text: string): void => void lines.push(text);
  for (const name of names) {
    const folder = { name, path: plugins.file(name), code: plugins.file(`${name}/plugin`), site: undefined };
    const made = { plugin: new IdlePlugin(), about: { name, version: "", description: "", mandatory: [] } };
    set.records.push(new PluginRecord(folder, { error: tell, warn: tell, info: tell }, made));
  }
  return { set, lines };
}

const at = (file: string): Error => Object.assign(new Error("m"), { stack: `Error: m\n    at f (${file}:1:2)` });
const nowhere = (): Error => Object.assign(new Error("m"), { stack: "Error: m" });

describe("PluginSet.takeStray()", () => {
  test("knows a plugin's error by its files, and leaves alone what is ours", () => {
    using plugins = new PluginDir({ "a/x": "", "ab/x": "" });
    const { set, lines } = setOf(plugins, "a", "ab");
    expect(set.takeStray(at(plugins.file("ab/plugin/app.ts")))).toBe(true);
    expect(set.takeStray(new Error("outer", { cause: at(plugins.file("a/node_modules/p/i.js")) }))).toBe(true);
    for (const ours of ["/$bunfs/root/gaffer", plugins.file("abc/plugin/x.ts"), plugins.file("a"), "/x/main.ts"]) {
      expect([ours, set.takeStray(at(ours))]).toEqual([ours, false]);
    }
    expect(lines).toEqual([
      expect.stringContaining('plugin "ab" failed outside of any call'),
      expect.stringContaining('plugin "a" failed outside of any call'),
    ]);
  });

  test("takes what names no file for a plugin's, where there are any", () => {
    using plugins = new PluginDir({ "a/x": "", "b/x": "" });
    expect(new PluginSet([]).takeStray(nowhere())).toBe(false);
    const { set, lines } = setOf(plugins, "a", "b");
    expect([set.takeStray("text"), set.takeStray(nowhere()), set.take(nowhere(), "in a listener")]).toEqual([
      true,
      true,
      false,
    ]);
    expect(lines).toEqual([
      'plugin "a" failed outside of any call (or plugin "b"): text',
      'plugin "a" failed outside of any call (or plugin "b"): Error: m',
    ]);
  });

  test("a plugin whose code was never loaded has made no error", () => {
    using plugins = new PluginDir({ "a/x": "" });
    const { set } = setOf(plugins);
    const folder = { name: "a", path: plugins.file("a"), code: plugins.file("a"), site: undefined };
    const silent = { error: () => undefined, warn: () => undefined, info: () => undefined };
    set.records.push(new PluginRecord(folder, silent));
    expect(set.takeStray("text")).toBe(false);
  });
});
