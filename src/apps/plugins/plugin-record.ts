import { realpathSync } from "node:fs";
import { sep } from "node:path";
import type { PluginBody, PluginState } from "../../wire/plugin-body.ts";
import type { Plugin, PluginApp } from "./plugin.ts";
import { describePluginError, filesOf, logPluginError } from "./plugin-error.ts";
import type { PluginFolder } from "./plugin-folders.ts";
import type { PluginLog } from "./plugin-log.ts";

/** What a plugin says of itself. */
export type PluginAbout = Readonly<Record<"name" | "version" | "description", string>> & {
  readonly mandatory: readonly string[];
};

/** One plugin with code, and what has become of it. */
export class PluginRecord {
  readonly folder: PluginFolder;
  readonly about: PluginAbout;
  /** Undefined = its code could not be loaded. */
  readonly plugin: Plugin | undefined;
  app: PluginApp | undefined;
  state: PluginState = "loaded";
  readonly #log: PluginLog;
  /** Paths that its files begin with: as it was named, and as errors name it. */
  readonly #roots: readonly string[];
  #error: string | undefined;

  constructor(folder: PluginFolder, log: PluginLog, made?: { plugin: Plugin; about: PluginAbout }) {
    this.folder = folder;
    this.#log = log;
    this.plugin = made?.plugin;
    this.about = made?.about ?? { name: folder.name, version: "", description: "", mandatory: [] };
    this.#roots = [folder.path, realpathSync(folder.path)].map((path) => path + sep);
  }

  get name(): string {
    return this.about.name;
  }

  /** What went wrong last; undefined = nothing. */
  get error(): string | undefined {
    return this.#error;
  }

  /** Keeps and logs what went wrong. @param what - as in `plugin "dummy" failed in stop` */
  note(what: string, error: unknown): void {
    this.#error = describePluginError(error);
    this.#log.error(`plugin ${JSON.stringify(this.name)} failed ${what}: ${logPluginError(error)}`);
  }

  /** The same, and it is out of use from now on. */
  fail(what: string, error: unknown): void {
    this.state = "failed";
    this.note(what, error);
  }

  /** Whether an error came out of its files. */
  hasCaused(error: unknown): boolean {
    return filesOf(error).some((file) => this.#roots.some((root) => file.startsWith(root)));
  }

  /** As it is told over HTTP. */
  get body(): PluginBody {
    const { version, description } = this.about;
    const { path } = this.folder;
    const error = this.#error ?? null;
    return { name: this.name, version, description, state: this.state, error, path, site: siteUrl(this.folder) };
  }
}

/** Where a site is served; null = there is none. */
export function siteUrl({ name, site }: PluginFolder): string | null {
  return site === undefined ? null : `/_plugin/${name}/`;
}
