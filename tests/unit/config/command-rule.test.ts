import { describe, expect, test } from "bun:test";
import { readCommand } from "../../../src/config/command-rule.ts";
import { splitWords } from "../../../src/config/command-words.ts";

describe("readCommand()", () => {
  test.each([
    ...Array.from("|&;<>()`*?[]{}~#!\n").map((character) => `a ${character} b`),
    "a '|' b",
    "A=1 b",
    "A= b",
    "cd /srv",
    "exec node x",
    ". ./env",
    ": x",
    "export A",
    "ulimit -n 1",
    "'cd' x",
    "if true",
    "while true",
    "a ${V:-d}",
    "a $(b)",
    "a $?",
  ])("hands %j to the shell as it is", (line) => {
    expect(readCommand(line)).toEqual({ shell: true, cmd: line, args: [] });
  });

  test.each([
    ["echo hi", "echo", ["hi"]],
    ["test -f x", "test", ["-f", "x"]],
    ["kill -9 1", "kill", ["-9", "1"]],
    ["true", "true", []],
    ["python -u  app.py\t--port=$PORT", "python", ["-u", "app.py", "--port=$PORT"]],
    ["'my prog' 'a b' \"c d\"", "'my prog'", ["a b", "c d"]],
    ["./cd x", "./cd", ["x"]],
    ["a B=1", "a", ["B=1"]],
    ["a $1 $@ $- 100%", "a", ["$1", "$@", "$-", "100%"]],
    ["a ''", "a", [""]],
  ])("runs %j directly", (line, cmd, args) => {
    expect(readCommand(line)).toEqual({ shell: false, cmd, args });
  });
});

/** What a shell makes of a line without names to expand; `$$` is how a literal `$` is told to gaffer. */
const shellWords = (line: string): string[] => {
  const { stdout } = Bun.spawnSync(["sh", "-c", `printf '%s\\0' ${line}`]);
  return stdout.toString().split("\0").slice(0, -1);
};

describe("splitWords()", () => {
  test.each([
    "a b  c",
    "a\\ b c",
    "'a \"b' c",
    '"a \'b" c',
    "a'b'\"c\"d",
    "'\\\\'\"x\"",
    '"a\\\\b" "a\\"b" "a\\nb"',
    "a\\\\b",
    "'' \"\" x",
    "'$HOME' \\$HOME \"\\$HOME\"",
    "a$'b'",
    "--x='y z'",
  ])("splits %j as sh does", (line) => {
    expect(splitWords(line).map((word) => word.replaceAll("$$", "$"))).toEqual(shellWords(line));
  });

  test("leaves a name to expand where the shell would expand it, and doubles every other $", () => {
    expect(splitWords(`$A x$A/b '$A' \\$A "\\$A" a$`)).toEqual(["$A", "x$A/b", "$$A", "$$A", "$$A", "a$"]);
  });

  test("keeps a name from growing by what is quoted behind it", () => {
    expect(splitWords(`$A'B' "$A"B $A"B" $A\\B $'A' "$A b"`)).toEqual([
      "${A}B",
      "${A}B",
      "${A}B",
      "${A}B",
      "$$A",
      "$A b",
    ]);
  });
});
