import { MOST_PROBLEMS } from "../base/field-kind.ts";
import { expand } from "./env-expansion.ts";
import { type Place, type Problem, type SourceText, SyntaxFault, type TextKind } from "./source-text.ts";

/** What errors about an environment file say it is. */
export const envKind: TextKind = { code: "env_invalid", noun: "env file" };

/** What a name of a variable is, for people. */
export const VARIABLE_NAME_RULE = "a name is letters, digits, _ . and -, and begins with a letter or _";

/** One variable, and where it was given. */
export interface EnvEntry {
  readonly value: string;
  readonly place: Place;
}

/** Value of a name that stands below the file: of earlier files, and the user's environment. */
export type EnvLookup = (name: string) => string | undefined;

/**
 * Reads a `.env` file. A later line wins.
 *
 * @remarks The dialect is Compose's: `NAME=value` with `#` comments and an optional `export`. A bare value ends at the
 * line's end or at ` #`; single quotes are literal; in double quotes `\n \r \t \\ \" \$` are escapes; both quotes may span
 * lines. `$NAME` and `${NAME:-default}` are expanded in bare and double-quoted values, against earlier lines, then `below`.
 * @param below - values from outside the file.
 * @throws {@link GafferError} `env_invalid` that names the place of everything wrong in it.
 * @see the Compose specification, "Env-file syntax"
 */
export function parseEnvFile(source: SourceText, below: EnvLookup = () => undefined): Map<string, EnvEntry> {
  return new EnvReader(source, below).read();
}

const skipped = /(?:[ \t\n\f\v]+|#[^\n]*)*/y;
const head = /(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*/y;
const bareExport = /export[ \t]+([A-Za-z_][A-Za-z0-9_]*)[ \t]*(?=\n|$|#)/y;
const bareValue = /[^\n]*/y;
const afterQuote = /[ \t]*(?:[ \t]#[^\n]*)?(?=\n|$)/y;

class EnvReader {
  readonly #source: SourceText;
  readonly #below: EnvLookup;
  readonly #entries = new Map<string, EnvEntry>();
  readonly #problems: Problem[] = [];
  #at = 0;

  constructor(source: SourceText, below: EnvLookup) {
    this.#source = source;
    this.#below = below;
  }

  read(): Map<string, EnvEntry> {
    while (this.#problems.length < MOST_PROBLEMS) {
      this.#take(skipped);
      if (this.#at >= this.#source.text.length) break;
      try {
        this.#readEntry();
      } catch (error) {
        if (!(error instanceof SyntaxFault)) throw error;
        this.#problems.push(this.#source.problem(error.offset, error.message));
        this.#take(bareValue);
      }
    }
    if (this.#problems.length > 0) throw this.#source.invalid(this.#problems);
    return this.#entries;
  }

  readonly #lookup = (name: string): string | undefined => this.#entries.get(name)?.value ?? this.#below(name);

  #readEntry(): void {
    const start = this.#at;
    const exported = this.#take(bareExport)?.[1];
    if (exported !== undefined) {
      if (this.#lookup(exported) !== undefined) return;
      throw new SyntaxFault(
        start,
        `${JSON.stringify(exported)} is exported but has no value: write "${exported}=value"`,
      );
    }
    const name = this.#take(head)?.[1];
    if (name === undefined) throw this.#explain(start);
    const value = this.#readValue();
    this.#entries.set(name, { value, place: this.#source.placeAt(start) });
  }

  #readValue(): string {
    const quote = this.#source.text[this.#at];
    if (quote !== '"' && quote !== "'") return this.#readBare();
    const start = this.#at + 1;
    const end = this.#findQuote(quote);
    const text = this.#source.text.slice(start, end);
    const value = quote === "'" ? text : expand(text, { lookup: this.#lookup, escapes: true, offset: start });
    this.#at = end + 1;
    if (this.#take(afterQuote)) return value;
    throw new SyntaxFault(this.#at, `text after the closing ${quote}; put all of the value inside the quotes`);
  }

  #readBare(): string {
    // The blanks after "=" are taken already, so a comment may begin right here when there was one.
    const start = this.#at;
    const line = this.#take(bareValue)?.[0] ?? "";
    const commentAtOnce = line.startsWith("#") && /[ \t]/.test(this.#source.text.charAt(start - 1));
    const comment = commentAtOnce ? 0 : line.search(/[ \t]#/);
    const text = (comment === -1 ? line : line.slice(0, comment)).trimEnd();
    return expand(text, { lookup: this.#lookup, escapes: false, offset: start });
  }

  /** Offset of the quote that closes the one here. */
  #findQuote(quote: string): number {
    const { text } = this.#source;
    for (let at = this.#at + 1; at < text.length; at++) {
      if (text[at] === quote) return at;
      if (quote === '"' && text[at] === "\\") at++;
    }
    const opening = this.#at;
    this.#at = text.length;
    throw new SyntaxFault(opening, `a ${quote} that is never closed`);
  }

  #explain(start: number): SyntaxFault {
    const line = this.#take(bareValue)?.[0] ?? "";
    const name =
      line
        .split("=", 1)[0]
        ?.replace(/^export[ \t]+/, "")
        .trim() ?? "";
    const shown = JSON.stringify(name.length > 40 ? `${name.slice(0, 40)}…` : name);
    if (!line.includes("=")) return new SyntaxFault(start, `${shown} has no "=": write "NAME=value"`);
    return new SyntaxFault(start, `${shown} is no name: ${VARIABLE_NAME_RULE}`);
  }

  #take(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#at;
    const match = expression.exec(this.#source.text);
    if (match) this.#at += match[0].length;
    return match ?? undefined;
  }
}
