import type { Place } from "./source-text.ts";

/** One key of a section, its value as JSON would have it: the same for INI and TOML. */
export interface ConfigEntry {
  readonly key: string;
  readonly value: unknown;
  readonly place: Place;
  readonly valuePlace: Place;
  /** Where the parts of a table stand, by their names. */
  readonly parts: ReadonlyMap<string, Place>;
}

/** One section of a configuration file. */
export interface ConfigSection {
  /** `gaffer`, `endpoint`, `process` … */
  readonly kind: string;
  /** What comes after the kind: the name of an endpoint, of a job. Empty where nothing does. */
  readonly name: string;
  /** As it is written: `[process:web]`. */
  readonly title: string;
  readonly place: Place;
  readonly entries: readonly ConfigEntry[];
}

/** One configuration file, read but not understood. */
export interface ConfigDocument {
  /** Absolute path. */
  readonly file: string;
  /** Absolute path of its folder, from which its relative paths start. */
  readonly folder: string;
  readonly sections: readonly ConfigSection[];
}
