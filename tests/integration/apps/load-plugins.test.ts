import { expect, test } from "bun:test";
import { loadPlugins } from "../../../src/apps/plugins/load-plugins.ts";
import type { PluginLog } from "../../../src/apps/plugins/plugin-log.ts";
import { PluginSet } from "../../../src/apps/plugins/plugin-set.ts";
import { idle, PluginDir, pluginText } from "../../support/plugin-dir.ts";

const silent: PluginLog = { error: () => undefined, warn: () => undefined, info: () => undefined };
const uid = process.getuid?.() ?? 0;
const loadLibrary = (): Promise<object> => import("../../../src/lib.ts");

test("loadPlugins() goes on without a module that waits for what never comes", async () => {
  using plugins = new PluginDir({
    "a/plugin/index.ts": `await new Promise(() => {});\n${pluginText(idle)}`,
    "b/plugin/index.ts": pluginText(idle),
  });
  const set = new PluginSet([plugins.path]);
  await loadPlugins(set, { named: true, uid, log: silent, loadLibrary, patienceMs: 200 });
  expect(set.records.map(({ name, state, error }) => [name, state, error])).toEqual([
    ["a", "failed", "its modules were not loaded in 0.2 s"],
    ["b", "loaded", undefined],
  ]);
});

test("loadPlugins() does not load the library where there is no code", async () => {
  using plugins = new PluginDir({ "site/index.html": "" });
  let count = 0;
  const counting = (): Promise<object> => {
    count++;
    return Promise.resolve({});
  };
  await loadPlugins(new PluginSet([plugins.path]), { named: true, uid, log: silent, loadLibrary: counting });
  expect(count).toBe(0);
});

test("of two plugins of one name the one that was found first is it", async () => {
  using first = new PluginDir({ "x/plugin/index.ts": pluginText(idle, 'name = "same";') });
  using second = new PluginDir({
    "x/plugin/index.ts": pluginText(idle, 'name = "hidden behind the first folder x";'),
    "y/plugin/index.ts": pluginText(idle, 'name = "same";'),
  });
  const set = new PluginSet([first.path, second.path]);
  await loadPlugins(set, { named: true, uid, log: silent, loadLibrary });
  expect(set.list().map(({ name, state, path, error }) => [name, state, path, error])).toEqual([
    ["same", "loaded", first.file("x"), null],
    ["same", "failed", second.file("y"), `${first.file("x")} holds a plugin of that name already`],
  ]);
});
