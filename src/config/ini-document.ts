import { JOB_FIELD_BY_NAME } from "../manager/job-fields.ts";
import type { ConfigEntry, ConfigSection } from "./config-document.ts";
import { keyIn, type SectionSpec, SECTIONS, unknownSection } from "./config-schema.ts";
import { type IniEntry, type IniSection, parseIni } from "./ini-text.ts";
import type { ProblemList } from "./problem-list.ts";
import { formatPlace, type Place, type SourceText } from "./source-text.ts";

/**
 * Reads the sections of an INI file: `[process:test:dummy]`, `env:KEY = value` inside of a job, keys of any case.
 *
 * @param problems - gets what is wrong; what is right is returned all the same.
 */
export function readIni(source: SourceText, problems: ProblemList): ConfigSection[] {
  const { sections, problems: faults } = parseIni(source);
  problems.addAll(faults);
  const seen = new Map<string, Place>();
  return sections.flatMap((section) => {
    if (problems.isFull) return [];
    return new IniSectionReader(section, problems).read(seen) ?? [];
  });
}

const folds: Readonly<Record<SectionSpec["fold"], (key: string) => string>> = {
  lower: (key) => key.toLowerCase(),
  upper: (key) => key.toUpperCase(),
  kept: (key) => key,
};

const envPrefix = /^env:/i;

class IniSectionReader {
  readonly #section: IniSection;
  readonly #problems: ProblemList;
  readonly #entries = new Map<string, ConfigEntry>();
  readonly #env = new Map<string, IniEntry>();

  constructor(section: IniSection, problems: ProblemList) {
    this.#section = section;
    this.#problems = problems;
  }

  /** @param seen - places of the sections above it, by kind and name. */
  read(seen: Map<string, Place>): ConfigSection | undefined {
    const { header, place, entries } = this.#section;
    const title = `[${header}]`;
    const [kind = "", name = ""] = (/^([^:./]*)[:./]?(.*)$/s.exec(header)?.slice(1) ?? []).map((part) => part.trim());
    const spec = SECTIONS.get(kind);
    const fault = spec === undefined ? unknownSection(title, kind) : this.#misnamed(spec, { kind, name, title });
    if (spec === undefined || fault !== undefined) {
      this.#problems.add(place, fault ?? "");
      return undefined;
    }
    this.#checkTwice(seen, { id: `${kind}:${name}`, what: title, place });
    for (const entry of entries) this.#readEntry(spec, entry);
    this.#addEnv();
    return { kind, name, title, place, entries: [...this.#entries.values()] };
  }

  #misnamed(
    { naming }: SectionSpec,
    { kind, name, title }: { kind: string; name: string; title: string },
  ): string | undefined {
    if (naming === "none" && name !== "") return `${title}: there is one [${kind}], without a name`;
    if (naming === "none" || name !== "" || this.#section.entries.length === 0) return undefined;
    return `${title} has no name: write [${kind}:NAME]`;
  }

  #checkTwice(seen: Map<string, Place>, { id, what, place }: { id: string; what: string; place: Place }): void {
    const first = seen.get(id);
    if (first === undefined) seen.set(id, place);
    else this.#problems.add(place, `${what} stands at ${formatPlace(first)} already: put both together`);
  }

  #readEntry(spec: SectionSpec, entry: IniEntry): void {
    if (this.#problems.isFull) return;
    const isJob = spec.keys === undefined;
    if (isJob && envPrefix.test(entry.key)) this.#readVariable(entry);
    else if (isJob && entry.key.toLowerCase() === "env")
      this.#problems.add(entry.place, "env takes a line for each variable: write env:NAME = value");
    else this.#readKey(spec, entry);
  }

  #readVariable(entry: IniEntry): void {
    const name = entry.key.replace(envPrefix, "");
    const first = this.#env.get(name);
    if (first) this.#twice(entry, first.place);
    else this.#env.set(name, entry);
  }

  #readKey(spec: SectionSpec, entry: IniEntry): void {
    const key = folds[spec.fold](entry.key);
    const first = this.#entries.get(key);
    if (first) return this.#twice(entry, first.place);
    const kind = spec.keys === undefined ? JOB_FIELD_BY_NAME.get(key) : keyIn(spec, key);
    const value = kind === undefined ? entry.value : kind.fromText(entry.value);
    const { place, valuePlace } = entry;
    this.#entries.set(key, { key, value, place, valuePlace, parts: new Map() });
  }

  #twice({ key, place }: IniEntry, first: Place): void {
    this.#problems.add(place, `${key} stands at ${formatPlace(first)} already: leave one of them`);
  }

  #addEnv(): void {
    const [first] = this.#env.values();
    if (first === undefined) return;
    const value = Object.fromEntries([...this.#env].map(([name, { value: written }]) => [name, written]));
    const parts = new Map([...this.#env].map(([name, { place }]) => [name, place]));
    const { place, valuePlace } = first;
    this.#entries.set("env", { key: "env", value, place, valuePlace, parts });
  }
}
