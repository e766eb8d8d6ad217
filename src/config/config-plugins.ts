import type { ConfigDocument } from "./config-document.ts";

/** What a plugin's section holds: texts from INI, whatever TOML can say from TOML. */
export type PluginSettings = Readonly<Record<string, unknown>>;

/** What `[plugin:NAME]` says, by name; of two files that say the same key, the later wins. */
export function readPlugins(documents: readonly ConfigDocument[]): ReadonlyMap<string, PluginSettings> {
  const byName = new Map<string, PluginSettings>();
  for (const { kind, name, entries } of documents.flatMap(({ sections }) => sections)) {
    if (kind !== "plugin" || name === "") continue;
    const given = Object.fromEntries(entries.map(({ key, value }) => [key, value] as const));
    byName.set(name, { ...byName.get(name), ...given });
  }
  return byName;
}
