import { MOST_PROBLEMS } from "../base/field-kind.ts";
import { isLegalName } from "../base/job-name.ts";
import { type CommandLine, readCommand } from "./command-rule.ts";
import { formatPlace, type Place, type Problem, type SourceText, SyntaxFault, type TextKind } from "./source-text.ts";

/** What errors about a Procfile say it is. */
export const procfileKind: TextKind = { code: "procfile_invalid", noun: "Procfile" };

/** One line of a Procfile. */
export interface ProcfileEntry {
  readonly name: string;
  /** The command as it is written, without surrounding blanks. */
  readonly line: string;
  readonly command: CommandLine;
  /** Where the name stands. */
  readonly place: Place;
  /** Where the command begins. */
  readonly commandPlace: Place;
}

/** @see foreman `lib/foreman/procfile.rb`, where the expression comes from */
const entryLine = /^([A-Za-z0-9_-]+):\s*(.+)$/s;

/**
 * Reads the entries of a Procfile in file order. Blank lines and lines that begin with `#` are skipped.
 *
 * @throws {@link GafferError} `procfile_invalid` that names every line which is neither an entry, a comment nor blank,
 * every name that stands twice, every quote left open; or says that there is no entry at all.
 */
export function parseProcfile(source: SourceText): ProcfileEntry[] {
  const entries = new Map<string, ProcfileEntry>();
  const problems: Problem[] = [];
  let offset = 0;
  for (const line of source.text.split("\n")) {
    try {
      const entry = readEntry(line, offset);
      const first = entry && entries.get(entry.name);
      if (first) throw new SyntaxFault(offset, twice(entry.name, formatPlace(first.place)));
      if (entry) {
        const { commandOffset, ...rest } = entry;
        const commandPlace = source.placeAt(commandOffset);
        entries.set(entry.name, { ...rest, place: source.placeAt(offset), commandPlace });
      }
    } catch (error) {
      if (!(error instanceof SyntaxFault)) throw error;
      problems.push(source.problem(error.offset, error.message));
      if (problems.length === MOST_PROBLEMS) break;
    }
    offset += line.length + 1;
  }
  if (problems.length === 0 && entries.size === 0) {
    problems.push(source.problem(0, 'it has no entry; write one a line, such as "web: python3 -m http.server $PORT"'));
  }
  if (problems.length > 0) throw source.invalid(problems);
  return [...entries.values()];
}

const twice = (name: string, place: string): string =>
  `job ${JSON.stringify(name)} is already defined at ${place}; give one of them another name`;

/** An entry before its offsets are made places. */
interface ReadEntry extends Omit<ProcfileEntry, "place" | "commandPlace"> {
  readonly commandOffset: number;
}

function readEntry(line: string, offset: number): ReadEntry | undefined {
  const content = line.trimEnd();
  if (content === "" || /^\s*#/.test(content)) return undefined;
  const match = entryLine.exec(content);
  const name = match?.[1];
  const text = match?.[2];
  if (name === undefined || text === undefined) throw explain(content, offset);
  if (!isLegalName(name)) throw new SyntaxFault(offset, `${JSON.stringify(name)} is no job name: ${nameRule(name)}`);
  const textOffset = offset + content.length - text.length;
  try {
    return { name, line: text, command: readCommand(text), commandOffset: textOffset };
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error;
    throw new SyntaxFault(textOffset + error.offset, `the command of job ${JSON.stringify(name)} has ${error.message}`);
  }
}

const nameRule = (name: string): string =>
  name.startsWith("-") ? "a name may not begin with a sign" : "a name may not be all digits, which mean a process id";

/** Says what keeps a line from being an entry. */
function explain(content: string, offset: number): SyntaxFault {
  const indent = content.length - content.trimStart().length;
  if (indent > 0)
    return new SyntaxFault(offset + indent, "an entry begins in column 1, without blanks before its name");
  const colon = content.indexOf(":");
  if (colon === -1) return new SyntaxFault(offset, `${shorten(content)} is no entry: write "name: command"`);
  const name = content.slice(0, colon);
  const bad = name.search(/[^A-Za-z0-9_-]/);
  if (bad !== -1) {
    const character = String.fromCodePoint(name.codePointAt(bad) ?? 0);
    return new SyntaxFault(
      offset + bad,
      `a job name may not hold ${JSON.stringify(character)}: it is letters, digits, _ and -`,
    );
  }
  if (name === "") return new SyntaxFault(offset, 'there is no name before the colon: write "name: command"');
  return new SyntaxFault(offset + colon + 1, `job ${JSON.stringify(name)} has no command`);
}

const shorten = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
