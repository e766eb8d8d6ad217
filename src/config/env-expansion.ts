import { SyntaxFault } from "./source-text.ts";

/** What {@link expand} needs besides the text. */
export interface ExpansionScope {
  /** Value of a name, or undefined when it has none. */
  readonly lookup: (name: string) => string | undefined;
  /** Whether `\n \r \t \\ \"` are escapes (`\$` always is). */
  readonly escapes: boolean;
  /** Offset of the text's first character, for faults. */
  readonly offset: number;
}

/** Linux passes no longer `NAME=value` to a program (MAX_ARG_STRLEN, 32 pages). It also ends values that double one another. */
const longest = 128 * 1024;

/** Deeper nesting of `${…}` is a mistake; it bounds the work too. */
const deepest = 16;

const escaped: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", "\\": "\\", '"': '"' };

/**
 * Puts values in for `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `${NAME:+other}`, `${NAME+other}`,
 * `${NAME:?message}` and `${NAME?message}`. With a colon an empty value counts as none. A name without value is empty;
 * `$$` and `\$` are a `$`, as is one that no name follows.
 *
 * @throws {@link SyntaxFault} if a `${` is not closed or not understood, a required value is missing, or the result is
 * longer than 128 KiB.
 * @see the Compose specification, "Interpolation"
 */
export function expand(text: string, scope: ExpansionScope): string {
  const pieces: string[] = [];
  let length = 0;
  for (let at = 0; at < text.length;) {
    const piece = readPiece(text, at, scope);
    length += piece.value.length;
    if (length > longest)
      throw new SyntaxFault(scope.offset, "the value is longer than 128 KiB, which no program can be given");
    pieces.push(piece.value);
    at = piece.end;
  }
  return pieces.join("");
}

interface Piece {
  readonly value: string;
  readonly end: number;
}

const plain = /[^\\$]+/y;
const simpleName = /\$([A-Za-z_][A-Za-z0-9_]*)/y;
const braceHead = /\$\{([A-Za-z_][A-Za-z0-9_.]*)(\}|:?[-+?])/y;

function readPiece(text: string, at: number, scope: ExpansionScope): Piece {
  const run = matchAt(plain, text, at);
  if (run) return { value: run[0], end: at + run[0].length };
  const next = text.charAt(at + 1);
  if (text[at] === "\\") {
    if (next === "$") return { value: "$", end: at + 2 };
    const value = scope.escapes ? escaped[next] : undefined;
    return value === undefined ? { value: "\\", end: at + 1 } : { value, end: at + 2 };
  }
  if (next === "$") return { value: "$", end: at + 2 };
  if (next === "{") return readBraces(text, at, scope);
  const name = matchAt(simpleName, text, at);
  return name ? { value: scope.lookup(name[1] ?? "") ?? "", end: at + name[0].length } : { value: "$", end: at + 1 };
}

function readBraces(text: string, at: number, scope: ExpansionScope): Piece {
  const opening = scope.offset + at;
  const head = matchAt(braceHead, text, at);
  if (!head) throw new SyntaxFault(opening, "${ without a name and } after it; a literal $ is written \\$");
  const [whole, name = "", operator = ""] = head;
  const from = at + whole.length;
  if (operator === "}") return { value: scope.lookup(name) ?? "", end: from };
  const close = findClose(text, from, opening);
  const operand = (): string => expand(text.slice(from, close), { ...scope, offset: scope.offset + from });
  const value = operate(operator, scope.lookup(name), operand);
  if (value !== undefined) return { value, end: close + 1 };
  throw new SyntaxFault(opening, `${JSON.stringify(name)} must have a value: ${operand() || "it is required"}`);
}

/** @returns undefined when a required value is missing. */
function operate(operator: string, value: string | undefined, operand: () => string): string | undefined {
  const given = operator.startsWith(":") && value === "" ? undefined : value;
  if (operator.endsWith("+")) return given === undefined ? "" : operand();
  return given ?? (operator.endsWith("-") ? operand() : undefined);
}

/** The `}` that closes a `${` whose operand begins at `from`. */
function findClose(text: string, from: number, opening: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text.startsWith("${", at)) depth++;
    else if (text[at] === "}") depth--;
    if (depth === 0) return at;
    if (depth > deepest) throw new SyntaxFault(opening, `\${ nested more than ${deepest} deep`);
  }
  throw new SyntaxFault(opening, "a ${ that is never closed");
}

function matchAt(expression: RegExp, text: string, at: number): RegExpExecArray | null {
  expression.lastIndex = at;
  return expression.exec(text);
}
