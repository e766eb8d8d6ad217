import type { PluginBody } from "../../wire/plugin-body.ts";
import { filesOf } from "./plugin-error.ts";
import { findPlugin, findPlugins } from "./plugin-folders.ts";
import { type PluginRecord, siteUrl } from "./plugin-record.ts";

/** The plugins of a daemon. */
export class PluginSet {
  /** Folders that hold plugins, absolute; the earlier goes first. */
  readonly dirs: readonly string[];
  /** Those with code, as they were found. */
  readonly records: PluginRecord[] = [];

  constructor(dirs: readonly string[] = []) {
    this.dirs = dirs;
  }

  /** Those with code, and the sites of now. */
  list(): PluginBody[] {
    const known = new Set(this.records.map(({ folder }) => folder.path));
    const sites = findPlugins(this.dirs).filter(({ path, site }) => !known.has(path) && site !== undefined);
    const bodies = sites.map((folder): PluginBody => {
      const { name, path } = folder;
      return { name, version: "", description: "", state: "site", error: null, path, site: siteUrl(folder) };
    });
    return [...this.records.map(({ body }) => body), ...bodies].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Why a plugin that is needed is not to be had, in words; undefined = it is there. */
  whyMissing(name: string): string | undefined {
    const found = this.records.filter((record) => record.name === name);
    if (found.some(({ state }) => state !== "failed")) return undefined;
    const [failed] = found;
    if (failed !== undefined) return `which could not be loaded: ${failed.error ?? ""}`;
    const folder = findPlugin(this.dirs, name);
    if (folder !== undefined && folder.code === undefined) return undefined;
    return `which is not in ${this.dirs.join(" or ")}`;
  }

  /** Those whose code runs, each after the ones it needs. */
  inOrder(): PluginRecord[] {
    const placed = new Set<PluginRecord>();
    const place = (record: PluginRecord, waiting: readonly PluginRecord[]): void => {
      if (record.state === "failed" || placed.has(record) || waiting.includes(record)) return;
      const needed = this.records.filter(({ name }) => record.about.mandatory.includes(name));
      for (const one of needed) place(one, [...waiting, record]);
      placed.add(record);
    };
    for (const record of this.records) place(record, []);
    return [...placed];
  }

  /**
   * Takes an error that came out of a plugin's files.
   *
   * @param what - as in `plugin "dummy" failed in a listener`
   * @returns whether it did; it is logged then.
   */
  take(error: unknown, what: string): boolean {
    const owner = this.#active.find((record) => record.hasCaused(error));
    owner?.note(what, error);
    return owner !== undefined;
  }

  /**
   * Takes an error that nobody caught. One that names no file, as those of a failed request or of a missing file do, is taken for a
   * plugin's where there are any: gaffer catches its own.
   *
   * @returns whether it was taken; it is logged then.
   */
  takeStray(error: unknown): boolean {
    if (this.take(error, "outside of any call")) return true;
    const [first, ...others] = this.#active;
    if (first === undefined || filesOf(error).length > 0) return false;
    const shared = others.length > 0 ? ` (or plugin ${others.map(({ name }) => JSON.stringify(name)).join(", ")})` : "";
    first.note(`outside of any call${shared}`, error);
    return true;
  }

  get #active(): PluginRecord[] {
    return this.records.filter(({ plugin }) => plugin !== undefined);
  }
}
