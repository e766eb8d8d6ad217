import type { Place, SourceText } from "./source-text.ts";

/** Where a key and its value stand. */
export interface TomlPlace {
  readonly key: Place;
  readonly value: Place;
}

/** Sticky expressions of TOML's pieces. @see TOML 1.0 */
const blank = /[ \t]*/y;
const voids = /(?:[ \t\n]+|#[^\n]*)*/y;
const bareKey = /[A-Za-z0-9_-]+/y;
const scalar = /[^,\]}\n#]*/y;
const basicString = /"[^"\\\n]*(?:\\.[^"\\\n]*)*"/y;
const literalString = /'[^'\n]*'/y;

/** Deeper or longer paths are none of ours: a hostile text must not make us copy them over and over. */
const mostParts = 8;
const mostLength = 1024;

/**
 * Finds the keys of a text that is known to be TOML: by their paths, parts joined by {@link tomlPath}.
 *
 * @remarks A parser tells only of errors of its own where they stand. Keys inside of arrays are passed over.
 */
export function tomlPlaces(source: SourceText): ReadonlyMap<string, TomlPlace> {
  return new TomlWalk(source).walk();
}

/** The key of a path in {@link tomlPlaces}. */
export function tomlPath(path: readonly string[]): string {
  return path.join("\0");
}

class TomlWalk {
  readonly #source: SourceText;
  readonly #places = new Map<string, TomlPlace>();
  #at = 0;

  constructor(source: SourceText) {
    this.#source = source;
  }

  walk(): ReadonlyMap<string, TomlPlace> {
    const { text } = this.#source;
    let table: readonly string[] = [];
    for (this.#take(voids); this.#at < text.length; this.#take(voids)) {
      const before = this.#at;
      if (text[this.#at] === "[") table = this.#header();
      else this.#pair(table);
      // The text was parsed before, so this only keeps a fault of this reader from hanging it.
      if (this.#at === before) break;
    }
    return this.#places;
  }

  #header(): readonly string[] {
    const start = this.#at;
    while (this.#source.text[this.#at] === "[") this.#at++;
    const path = this.#key();
    while (this.#source.text[this.#at] === "]") this.#at++;
    const place = this.#source.placeAt(start);
    this.#note(path, { key: place, value: place });
    return path.slice(0, mostParts);
  }

  #pair(table: readonly string[]): void {
    const start = this.#at;
    const path = [...table.slice(0, mostParts), ...this.#key()];
    this.#at++;
    this.#take(blank);
    const [key, value] = [this.#source.placeAt(start), this.#source.placeAt(this.#at)];
    // A dotted key names tables that stand nowhere else.
    const noted = Math.min(path.length, mostParts);
    for (let length = table.length + 1; length <= noted; length++) this.#note(path.slice(0, length), { key, value });
    this.#value(path);
  }

  /** A dotted key, and the blanks around it. */
  #key(): string[] {
    const parts: string[] = [];
    do {
      this.#take(blank);
      const part = this.#take(bareKey) ?? this.#string();
      parts.push(part ?? "");
      this.#take(blank);
    } while (this.#source.text[this.#at] === "." && ++this.#at);
    return parts;
  }

  #value(path: readonly string[]): void {
    const opening = this.#source.text[this.#at];
    if (opening === "{") this.#inside("}", () => this.#pair(path));
    // What stands in a list has no name of its own: its places would be taken for those of the list.
    else if (opening === "[") this.#inside("]", () => this.#value([...path, "\0"]));
    else if (this.#string() === undefined) this.#take(scalar);
  }

  #inside(closing: string, read: () => void): void {
    const { text } = this.#source;
    this.#at++;
    for (this.#take(voids); this.#at < text.length && text[this.#at] !== closing; this.#take(voids)) {
      const before = this.#at;
      read();
      this.#take(voids);
      if (text[this.#at] === ",") this.#at++;
      if (this.#at === before) return;
    }
    this.#at++;
  }

  /** A string's value: exact for keys, which are short; undefined if there is none here. */
  #string(): string | undefined {
    const quote = this.#source.text[this.#at];
    if (quote !== '"' && quote !== "'") return undefined;
    if (this.#source.text.startsWith(quote.repeat(3), this.#at)) return this.#multiline(quote);
    if (quote === '"') return unescape(this.#take(basicString) ?? "");
    return this.#take(literalString)?.slice(1, -1);
  }

  /** No key is one, so its value matters to nobody. */
  #multiline(quote: string): string {
    const { text } = this.#source;
    this.#at += 3;
    while (this.#at < text.length && !text.startsWith(quote.repeat(3), this.#at))
      this.#at += quote === '"' && text[this.#at] === "\\" ? 2 : 1;
    this.#at += 3;
    // The string may end with one or two quotes of its own.
    while (text[this.#at] === quote) this.#at++;
    return "";
  }

  #note(path: readonly string[], place: TomlPlace): void {
    if (path.length > mostParts || path.reduce((sum, part) => sum + part.length, 0) > mostLength) return;
    const key = tomlPath(path);
    if (!this.#places.has(key)) this.#places.set(key, place);
  }

  #take(expression: RegExp): string | undefined {
    expression.lastIndex = this.#at;
    const match = expression.exec(this.#source.text);
    if (match) this.#at += match[0].length;
    return match?.[0];
  }
}

const escapes: Readonly<Record<string, string>> = { b: "\b", t: "\t", n: "\n", f: "\f", r: "\r", e: "\x1B" };

function unescape(quoted: string): string {
  return quoted.slice(1, -1).replaceAll(/\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2}|.)/gs, (escape) => {
    if (escape.length === 2) return escapes[escape.charAt(1)] ?? escape.charAt(1);
    const code = Number.parseInt(escape.slice(2), 16);
    return code <= 0x10_ff_ff ? String.fromCodePoint(code) : "";
  });
}
