import { readdirSync, realpathSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { GafferError } from "../base/gaffer-error.ts";
import type { ConfigDocument, ConfigSection } from "./config-document.ts";
import { gafferKeys } from "./config-schema.ts";
import { readIni } from "./ini-document.ts";
import { configKind, type ProblemList } from "./problem-list.ts";
import { SectionValues } from "./section-values.ts";
import { type Place, readSource, type SourceText } from "./source-text.ts";
import { readToml } from "./toml-document.ts";

/** What a folder's configuration is called; the first that is there is read. */
const folderFiles = ["gaffer.toml", "gaffer.ini", "gafferd.ini"] as const;

/** A configuration of more files or folders is a mistake: `include_dir = /`. */
const MOST_FILES = 1000;

const readers: Readonly<Record<string, (source: SourceText, problems: ProblemList) => ConfigSection[]>> = {
  ".ini": readIni,
  ".toml": readToml,
};

const readerOf = (path: string): (typeof readers)[string] | undefined =>
  readers[/\.[a-z]+$/i.exec(path)?.[0].toLowerCase() ?? ""];

const refuse = (path: string, fact: string): GafferError =>
  new GafferError("config_invalid", `Cannot read ${configKind.noun} ${JSON.stringify(path)}: ${fact}`);

const noFile = "it is no regular file";

/** The file that a path names: itself, or one of the folder it is. */
function configFile(path: string): string {
  const kind = kindOf(path);
  if (kind === undefined) throw refuse(path, "it does not exist");
  if (kind === "other") throw refuse(path, noFile);
  if (kind === "file") return path;
  const found = folderFiles.find((name) => kindOf(join(path, name)) === "file");
  if (found === undefined) throw refuse(path, `the folder holds none of ${folderFiles.join(", ")}`);
  return join(path, found);
}

/** What stands at a path; undefined = nothing that we can see. A pipe would be waited for until somebody writes to it. */
function kindOf(path: string): "file" | "folder" | "other" | undefined {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    if (stat.isDirectory()) return "folder";
    return stat.isFile() ? "file" : "other";
  } catch (error) {
    // ENOTDIR, ENAMETOOLONG, ELOOP, EACCES: there is no such file for us.
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}

/**
 * Reads a configuration file and all that it includes: depth first, each file once, in the order in which later values win.
 *
 * @param path - a file that ends in `.ini` or `.toml`, or a folder that holds one of a known name.
 * @param problems - gets what is wrong in the files.
 * @throws {@link GafferError} `config_invalid` if the file itself is not there, cannot be read, or has another ending.
 */
export function readConfigFiles(path: string, problems: ProblemList): ConfigDocument[] {
  const file = configFile(path);
  if (readerOf(file) === undefined) throw refuse(file, "its name must end in .ini or .toml");
  const reader = new ConfigFileReader(problems);
  reader.read(file, resolve(file));
  return reader.documents;
}

class ConfigFileReader {
  readonly documents: ConfigDocument[] = [];
  readonly #problems: ProblemList;
  /** Real paths of what was read, and of the folders that were looked at. */
  readonly #seen = new Set<string>();
  /** Files that include each other, outermost first: real path and name. */
  readonly #open = new Map<string, string>();

  constructor(problems: ProblemList) {
    this.#problems = problems;
  }

  /** @param name - what messages call it. */
  read(name: string, path: string): void {
    this.#problems.begin(name);
    const source = readSource(path, configKind, name);
    const read = readerOf(path);
    if (source === undefined || read === undefined) throw refuse(name, "it does not exist");
    const real = realpathSync(path);
    this.#seen.add(real);
    this.#open.set(real, name);
    const document = { file: path, folder: dirname(path), sections: read(source, this.#problems) };
    this.documents.push(document);
    this.#follow(name, document);
    this.#open.delete(real);
  }

  #follow(name: string, { folder, sections }: ConfigDocument): void {
    const values = new SectionValues(gafferKeys);
    for (const section of sections) if (section.kind === "gaffer") values.add(section, folder);
    const shownName = (item: string): string => (isAbsolute(item) ? item : join(dirname(name), item));
    for (const key of ["include", "include_dir"] as const) {
      const given = values.get(key);
      for (const item of given?.value ?? []) {
        if (given === undefined || this.#problems.isFull) return;
        const [path, label] = [resolve(folder, item), shownName(item)];
        if (key === "include") this.#include({ path, name: label, place: given.place });
        else this.#includeFolder({ path, name: label, place: given.place });
      }
    }
  }

  #include({ path, name, place }: Included): void {
    const kind = kindOf(path);
    if (kind === undefined)
      return this.#problems.add(place, `include has ${JSON.stringify(name)}: there is no such file`);
    if (kind === "folder")
      return this.#problems.add(place, `include has ${JSON.stringify(name)}: it is a folder, which takes include_dir`);
    if (kind === "other") return this.#problems.add(place, `include has ${JSON.stringify(name)}: ${noFile}`);
    if (readerOf(path) === undefined)
      return this.#problems.add(place, `include has ${JSON.stringify(name)}: its name must end in .ini or .toml`);
    const real = realpathSync(path);
    if (this.#open.has(real)) {
      const circle = [...this.#open.values(), name].join(" > ");
      return this.#problems.add(place, `include goes in a circle: ${circle}`);
    }
    if (!this.#seen.has(real)) this.#readIncluded({ path, name, place });
  }

  #readIncluded({ path, name, place }: Included): void {
    if (this.#seen.size >= MOST_FILES) return this.#problems.add(place, `more than ${MOST_FILES} files and folders`);
    try {
      this.read(name, path);
    } catch (error) {
      if (!(error instanceof GafferError)) throw error;
      this.#problems.addError(error, place);
    }
  }

  #includeFolder({ path, name, place }: Included): void {
    if (kindOf(path) !== "folder")
      return this.#problems.add(place, `include_dir has ${JSON.stringify(name)}: there is no such folder`);
    this.#walk({ path, name, place });
  }

  #walk(folder: Included): void {
    const { place } = folder;
    const real = realpathSync(folder.path);
    if (this.#seen.has(real) || this.#problems.isFull) return;
    if (this.#seen.size >= MOST_FILES) return this.#problems.add(place, `more than ${MOST_FILES} files and folders`);
    this.#seen.add(real);
    for (const entry of this.#namesIn(folder)) {
      const path = join(folder.path, entry);
      const name = join(folder.name, entry);
      const kind = kindOf(path);
      if (kind === "folder") this.#walk({ path, name, place });
      else if (kind !== undefined && readerOf(path) !== undefined) this.#takeFound(kind, { path, name, place });
    }
  }

  #takeFound(kind: "file" | "other", { path, name, place }: Included): void {
    if (kind === "other") this.#problems.add(place, `include_dir has ${JSON.stringify(name)}: ${noFile}`);
    // A file that is being read, or was, is not read again: a folder may hold the file that includes it.
    else if (!this.#seen.has(realpathSync(path))) this.#readIncluded({ path, name, place });
  }

  /** Names in a folder in order; hidden ones, such as the lock files of editors, are passed over. */
  #namesIn({ path, name, place }: Included): string[] {
    try {
      return readdirSync(path)
        .filter((entry) => !entry.startsWith("."))
        .toSorted();
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error;
      this.#problems.add(place, `include_dir has ${JSON.stringify(name)}: it cannot be read (${String(error.code)})`);
      return [];
    }
  }
}

/** Something that is to be included. */
interface Included {
  readonly path: string;
  readonly name: string;
  /** Where it is asked for. */
  readonly place: Place;
}
