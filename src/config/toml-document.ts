import { parse, TomlError } from "smol-toml";
import { shown, tableEntries } from "../base/field-kind.ts";
import { didYouMean } from "../base/nearest.ts";
import type { ConfigEntry, ConfigSection } from "./config-document.ts";
import { gafferKeys, type SectionSpec, SECTIONS, unknownSection } from "./config-schema.ts";
import type { ProblemList } from "./problem-list.ts";
import type { Place, SourceText } from "./source-text.ts";
import { tomlPath, type TomlPlace, tomlPlaces } from "./toml-places.ts";

/**
 * Reads the sections of a TOML file: `[process.test.dummy]`, `[env.dummy]`.
 *
 * @param problems - gets what is wrong; what is right is returned all the same.
 */
export function readToml(source: SourceText, problems: ProblemList): ConfigSection[] {
  const root = parseToml(source, problems);
  return root === undefined ? [] : new TomlReader(source, problems).read(root);
}

function parseToml(source: SourceText, problems: ProblemList): [string, unknown][] | undefined {
  try {
    return Object.entries(parse(source.text));
  } catch (error) {
    // Its name is "Error", so it is known by its class.
    if (!(error instanceof TomlError)) throw error;
    const [message = ""] = error.message.replace("Invalid TOML document: ", "").split("\n");
    const { line, column } = error;
    problems.add({ file: source.file, line, column }, `it is not TOML: ${message}`);
    return undefined;
  }
}

/** Fields of a job that are tables: a table by any other name is a job of a session. */
export const TABLE_FIELDS: ReadonlySet<string> = new Set(["env", "flapping", "rlimits"]);

type Path = readonly string[];
type Entries = readonly (readonly [string, unknown])[];

class TomlReader {
  readonly #source: SourceText;
  readonly #problems: ProblemList;
  readonly #places: ReadonlyMap<string, TomlPlace>;
  readonly #sections: ConfigSection[] = [];

  constructor(source: SourceText, problems: ProblemList) {
    this.#source = source;
    this.#problems = problems;
    this.#places = tomlPlaces(source);
  }

  read(root: Entries): ConfigSection[] {
    for (const [kind, value] of root) {
      if (this.#problems.isFull) break;
      const table = tableEntries(value);
      const spec = SECTIONS.get(kind);
      if (table === undefined) this.#problems.add(this.#at([kind]), this.#outside(kind, value));
      else if (spec === undefined) this.#problems.add(this.#at([kind]), unknownSection(`[${kind}]`, kind));
      else if (spec.naming === "none") this.#add([kind], table);
      else this.#readNamed(kind, spec, table);
    }
    // A table is found where it is first named, but sections count in the order they were written in.
    return this.#sections.toSorted((a, b) => a.place.line - b.place.line || a.place.column - b.place.column);
  }

  #outside(key: string, value: unknown): string {
    if (SECTIONS.has(key)) return `${key} is ${shown(value)}: it must be a section, [${key}]`;
    const where = didYouMean(key, Object.keys(gafferKeys)) === "" ? "a section" : "the section it belongs to, [gaffer]";
    return `${JSON.stringify(key.slice(0, 64))} stands outside of any section: write ${where} above it`;
  }

  #readNamed(kind: string, spec: SectionSpec, table: Entries): void {
    for (const [name, value] of table) {
      if (this.#problems.isFull) return;
      const entries = tableEntries(value);
      const path = [kind, name];
      if (entries === undefined)
        this.#problems.add(this.#at(path), `${name.slice(0, 64)} is ${shown(value)}: write a section [${kind}.NAME]`);
      else if (spec.naming === "one") this.#add(path, entries);
      else this.#readSession(path, entries);
    }
  }

  /** What stands below `process.NAME`: fields of that job, and jobs of that session. */
  #readSession(path: Path, entries: Entries): void {
    const isField = ([key, value]: readonly [string, unknown]): boolean =>
      tableEntries(value) === undefined || (path[0] !== "env" && TABLE_FIELDS.has(key));
    const tables = entries.filter((entry) => !isField(entry));
    const fields = entries.filter(isField);
    // A table that only holds others is no section of its own.
    if (fields.length > 0 || tables.length === 0) this.#add(path, fields);
    for (const [name, value] of tables) this.#add([...path, name], tableEntries(value) ?? []);
  }

  #add(path: Path, entries: Entries): void {
    const [kind = "", ...names] = path;
    const read = entries.map(([key, value]): ConfigEntry => this.#entry([...path, key], value));
    const title = `[${path.map(quoted).join(".")}]`;
    const folded = kind === "env" ? read.map((entry) => ({ ...entry, key: entry.key.toUpperCase() })) : read;
    this.#sections.push({ kind, name: names.join("."), title, place: this.#at(path), entries: folded });
  }

  #entry(path: Path, value: unknown): ConfigEntry {
    const place = this.#at(path);
    const parts = (tableEntries(value) ?? [])
      .slice(0, mostParts)
      .map(([name]) => [name, this.#at([...path, name])] as const);
    const valuePlace = this.#places.get(tomlPath(path))?.value ?? place;
    return { key: path.at(-1) ?? "", value, place, valuePlace, parts: new Map(parts) };
  }

  /** Place of a path, or of what it stands in. */
  #at(path: Path): Place {
    for (let length = path.length; length > 0; length--) {
      const found = this.#places.get(tomlPath(path.slice(0, length)));
      if (found) return found.key;
    }
    return this.#source.placeAt(0);
  }
}

/** Parts of a larger table are told of at its beginning: problems end long before. */
const mostParts = 10_000;

const quoted = (part: string): string => (/^[A-Za-z0-9_-]+$/.test(part) ? part : JSON.stringify(part.slice(0, 64)));
