import { quote } from "shlex";
import { splitWords } from "./command-words.ts";

/** How a command line is run: by `sh -c`, or as a program with its arguments. */
export interface CommandLine {
  /** Whether {@link cmd} is a script for `sh -c`. */
  readonly shell: boolean;
  /** The whole line when {@link shell}, else the program, quoted where it needs to be. */
  readonly cmd: string;
  /** Empty when {@link shell}. `$NAME` is still to be expanded, `$$` is a literal `$`. */
  readonly args: readonly string[];
}

/** Characters that mean something to a shell and nothing to us, quoted or not. */
const shellCharacter = /[|&;<>()`*?[\]{}~#!\n]/;

const assignment = /^\s*[A-Za-z_][A-Za-z0-9_]*=/;

/**
 * What only a shell can run: POSIX special built-ins, built-ins that change the shell itself, reserved words.
 * Those that are programs as well (`echo`, `test`, `true`, `false`, `kill`, `printf`, `pwd`) run directly.
 *
 * @see POSIX Shell Command Language, 2.4 Reserved Words and 2.14 Special Built-In Utilities; XCU 1.6 Built-In Utilities
 */
const shellWords = new Set(
  (
    ". : break continue eval exec exit export readonly return set shift times trap unset " +
    "alias bg cd command fc fg getopts hash jobs read type ulimit umask unalias wait " +
    "case do done elif else esac fi for if in then until while"
  ).split(" "),
);

/**
 * Decides how a line is run. It goes through `sh -c` when it holds one of `` | & ; < > ( ) ` * ? [ ] { } ~ # ! `` or a
 * newline, begins with an assignment, or with a word that only a shell can run; else it is executed directly.
 *
 * @remarks So `${V:-d}`, `$(cmd)`, `$?` and `$#` are the shell's; in a line that is executed directly `$NAME` is
 * gaffer's and becomes one word, and `$1`, `$@`, `$-` stay as they are.
 * @throws `SyntaxFault` if a line to execute directly has an unclosed quote, ends in a backslash, or is blank.
 */
export function readCommand(line: string): CommandLine {
  const throughShell: CommandLine = { shell: true, cmd: line, args: [] };
  if (shellCharacter.test(line) || assignment.test(line)) return throughShell;
  const [program, ...args] = splitWords(line);
  if (program === undefined || shellWords.has(program)) return throughShell;
  return { shell: false, cmd: quote(program), args };
}
