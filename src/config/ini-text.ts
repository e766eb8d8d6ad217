import { MOST_PROBLEMS } from "../base/field-kind.ts";
import { type Place, type Problem, type SourceText, SyntaxFault } from "./source-text.ts";

/** One `key = value` of an INI file. */
export interface IniEntry {
  /** As it is written. */
  readonly key: string;
  /** Its lines, without the blanks around each, joined by a line feed. */
  readonly value: string;
  readonly place: Place;
  readonly valuePlace: Place;
}

/** One `[section]` of an INI file. */
export interface IniSection {
  /** What stands between the brackets. */
  readonly header: string;
  readonly place: Place;
  readonly entries: readonly IniEntry[];
}

/** What an INI file holds, and every line that is none. */
export interface IniText {
  readonly sections: readonly IniSection[];
  readonly problems: readonly Problem[];
}

/** Sections in which `env:KEY = value` is one key. */
const withEnvKeys = /^(?:process|job)\s*[:./]/;
const envKey = /^(env:[^\s=:]+)\s*[=:]/i;

/**
 * Reads an INI file in the dialect of Python's ConfigParser: `=` or `:` between key and value, `;` and `#` comments on
 * lines of their own, a line that is indented deeper than its key continues the value, `%` is literal.
 *
 * @see Python `configparser`, `RawConfigParser._read`
 */
export function parseIni(source: SourceText): IniText {
  return new IniReader(source).read();
}

interface OpenEntry extends Omit<IniEntry, "value"> {
  readonly lines: string[];
}

class IniReader {
  readonly #source: SourceText;
  readonly #sections: (Omit<IniSection, "entries"> & { readonly entries: OpenEntry[] })[] = [];
  readonly #problems: Problem[] = [];
  /** The entry that an indented line continues. */
  #open: OpenEntry | undefined;
  #indent = 0;

  constructor(source: SourceText) {
    this.#source = source;
  }

  read(): IniText {
    let offset = 0;
    for (const line of this.#source.text.split("\n")) {
      try {
        this.#readLine(line, offset);
      } catch (error) {
        if (!(error instanceof SyntaxFault)) throw error;
        this.#problems.push(this.#source.problem(error.offset, error.message));
        this.#open = undefined;
        if (this.#problems.length === MOST_PROBLEMS) break;
      }
      offset += line.length + 1;
    }
    const sections = this.#sections.map(({ entries, ...section }) => ({ ...section, entries: entries.map(close) }));
    return { sections, problems: this.#problems };
  }

  #readLine(line: string, offset: number): void {
    const content = line.trim();
    if (content === "") this.#open?.lines.push("");
    if (content === "" || content.startsWith("#") || content.startsWith(";")) return;
    const indent = line.length - line.trimStart().length;
    if (this.#open !== undefined && indent > this.#indent) {
      this.#open.lines.push(content);
      return;
    }
    this.#indent = indent;
    this.#open = undefined;
    if (content.startsWith("[")) this.#readHeader(content, offset + indent);
    else this.#readEntry(content, offset + indent);
  }

  #readHeader(content: string, offset: number): void {
    const end = content.lastIndexOf("]");
    if (end === -1) throw new SyntaxFault(offset, 'a section\'s name ends with "]"');
    if (end < content.length - 1)
      throw new SyntaxFault(offset + end + 1, "text after a section's name; a comment stands on a line of its own");
    const header = content.slice(1, end).trim();
    if (header === "") throw new SyntaxFault(offset, "a section without a name");
    this.#sections.push({ header, place: this.#source.placeAt(offset), entries: [] });
  }

  #readEntry(content: string, offset: number): void {
    const section = this.#sections.at(-1);
    if (section === undefined)
      throw new SyntaxFault(offset, `${shorten(content)} stands before the first section: write [gaffer] above it`);
    const cut = separator(content, section.header);
    if (cut === -1) throw new SyntaxFault(offset, `${shorten(content)} is no entry: write "key = value"`);
    const key = content.slice(0, cut).trim();
    if (key === "") throw new SyntaxFault(offset, `there is no key before the "${content.charAt(cut)}"`);
    const rest = content.slice(cut + 1);
    const value = rest.trim();
    const valueOffset = offset + cut + 1 + rest.length - rest.trimStart().length;
    this.#open = {
      key,
      lines: [value],
      place: this.#source.placeAt(offset),
      valuePlace: this.#source.placeAt(value === "" ? offset : valueOffset),
    };
    section.entries.push(this.#open);
  }
}

/** Where the value is set apart from the key; -1 = nowhere. */
function separator(content: string, header: string): number {
  const match = withEnvKeys.test(header) ? envKey.exec(content) : null;
  return match === null ? content.search(/[=:]/) : match[0].length - 1;
}

const close = ({ lines, ...entry }: OpenEntry): IniEntry => ({ ...entry, value: lines.join("\n").trim() });

const shorten = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
