import { SyntaxFault } from "./source-text.ts";

const blank = /[ \t\r\n]/;

/**
 * Splits a command line into words as a POSIX shell would, blanks, quotes and backslashes only.
 *
 * A `$` that the quotes make literal comes out as `$$`, since gaffer expands `$NAME` in the words afterwards:
 * `'$HOME'` and `\$HOME` stay what they are, `"$HOME"` is expanded.
 *
 * @throws {@link SyntaxFault} at the opening quote of one that is never closed, or at a backslash with nothing after it.
 * @see POSIX Shell Command Language, 2.2 Quoting
 */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < line.length;) {
    const char = line.charAt(at);
    if (blank.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      at++;
      continue;
    }
    const piece = readPiece(line, at);
    word = (word ?? "") + piece.text;
    at = piece.end;
  }
  if (word !== undefined) words.push(word);
  return words;
}

interface Piece {
  readonly text: string;
  readonly end: number;
}

function readPiece(line: string, at: number): Piece {
  switch (line.charAt(at)) {
    case "'":
      return singleQuoted(line, at);
    case '"':
      return doubleQuoted(line, at);
    case "\\":
      if (at + 1 === line.length) throw new SyntaxFault(at, "a backslash with nothing after it");
      return { text: literal(line.charAt(at + 1)), end: at + 2 };
    default:
      return plain(line, at);
  }
}

function singleQuoted(line: string, start: number): Piece {
  const end = line.indexOf("'", start + 1);
  if (end === -1) throw new SyntaxFault(start, "a single quote that is never closed");
  return { text: literal(line.slice(start + 1, end)), end: end + 1 };
}

/** Inside double quotes a backslash is one unless `$`, a backquote, `"` or another backslash follows. */
function doubleQuoted(line: string, start: number): Piece {
  let text = "";
  for (let at = start + 1; at < line.length;) {
    if (line[at] === '"') return { text, end: at + 1 };
    const escapes = line[at] === "\\" && /[$`"\\]/.test(line.charAt(at + 1));
    const piece = escapes ? { text: literal(line.charAt(at + 1)), end: at + 2 } : plain(line, at);
    text += piece.text;
    at = piece.end;
  }
  throw new SyntaxFault(start, "a double quote that is never closed");
}

const name = /\$([A-Za-z_][A-Za-z0-9_]*)?/y;

/** One character, or a `$` with the name it stands before: quotes and backslashes end a name, so they must not vanish from behind it. */
function plain(line: string, at: number): Piece {
  name.lastIndex = at;
  const match = name.exec(line);
  if (!match) return { text: line.charAt(at), end: at + 1 };
  const end = at + match[0].length;
  if (!/['"\\]/.test(line.charAt(end))) return { text: match[0], end };
  return { text: match[1] === undefined ? "$$" : `\${${match[1]}}`, end };
}

const literal = (text: string): string => text.replaceAll("$", "$$$$");
