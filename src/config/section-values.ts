import { didYouMean } from "../base/nearest.ts";
import type { ConfigEntry, ConfigSection } from "./config-document.ts";
import { type KeysOf, keyIn, SECTIONS } from "./config-schema.ts";
import type { ProblemList } from "./problem-list.ts";
import type { Place } from "./source-text.ts";

/** A value that was given. */
export interface Given<T> {
  readonly value: T;
  readonly place: Place;
  /** Folder of the file that gave it: where its paths start from. */
  readonly folder: string;
}

/** What is wrong with a key that is not there, with the nearest that is. */
function unknownKey(key: string, title: string, known: readonly string[]): string {
  const shortened = key.length > 64 ? `${key.slice(0, 64)}…` : key;
  return `there is no setting ${JSON.stringify(shortened)} in ${title}${didYouMean(key, known)}`;
}

/** Checks the keys and values of one section that is no job. */
export function checkSection(section: ConfigSection, problems: ProblemList): void {
  const spec = SECTIONS.get(section.kind);
  if (spec?.keys === undefined) return;
  for (const { key, value, place, valuePlace } of section.entries) {
    if (problems.isFull) return;
    const kind = keyIn(spec, key);
    if (kind === undefined) problems.add(place, unknownKey(key, section.title, Object.keys(spec.keys)));
    else kind.read(value, (fact) => problems.add(valuePlace, `${key} ${fact}`));
  }
}

/** The values of one section, or of several of one name in several files, of which the later wins key by key. */
export class SectionValues<V> {
  readonly #keys: KeysOf<V>;
  readonly #given = new Map<string, ConfigEntry & { readonly folder: string }>();

  constructor(keys: KeysOf<V>) {
    this.#keys = keys;
  }

  add({ entries }: ConfigSection, folder: string): void {
    for (const entry of entries) this.#given.set(entry.key, { ...entry, folder });
  }

  /** Whether a key was given, with whatever value. */
  has(name: keyof V & string): boolean {
    return this.#given.has(name);
  }

  /** A value that was given; undefined also when it is none, which {@link checkSection} tells. */
  get<N extends keyof V & string>(name: N): Given<V[N]> | undefined {
    const entry = this.#given.get(name);
    const value = entry && this.#keys[name].kind.read(entry.value, () => undefined);
    return entry === undefined || value === undefined || value === ""
      ? undefined
      : { value, place: entry.valuePlace, folder: entry.folder };
  }

  /** A value that was given, or the one that stands otherwise. */
  or<N extends keyof V & string, T>(name: N, otherwise: T): V[N] | T {
    const given = this.get(name);
    return given === undefined ? otherwise : given.value;
  }
}
