import { describe, expect, test } from "bun:test";
import { envKind, parseEnvFile } from "../../../src/config/env-file.ts";
import { SourceText } from "../../../src/config/source-text.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const outside: Record<string, string> = { HOME: "/root", EMPTY: "" };

const parse = (text: string): Record<string, string> => {
  const entries = parseEnvFile(new SourceText(".env", text, envKind), (name) => outside[name]);
  return Object.fromEntries([...entries].map(([name, { value }]) => [name, value]));
};

describe("parseEnvFile()", () => {
  test.each<[string, string, Record<string, string>]>([
    ["a bare value", "A=1\nB=a b  c \n", { A: "1", B: "a b  c" }],
    ["no value", "A=\nB=  \nC=''\n", { A: "", B: "", C: "" }],
    ["an equals sign in the value", "A=b=c=\n", { A: "b=c=" }],
    ["blanks around the equals sign", "  A = 1\n", { A: "1" }],
    ["names with dots and dashes", "a.b-c_D9=1\n", { "a.b-c_D9": "1" }],
    ["export", "export A=1\nexport\tB=2\nexport=3\n", { A: "1", B: "2", export: "3" }],
    ["export of a name that has a value", "A=1\nexport A\nexport HOME # known\n", { A: "1" }],
    ["comments", "# a\nA=1 # one\nB=1#2\nC=#3\nD= # none\n  # last", { A: "1", B: "1#2", C: "#3", D: "" }],
    ["single quotes as they are", "A='$HOME \\n # \"x\"' # c\n", { A: '$HOME \\n # "x"' }],
    ["escapes in double quotes", 'A="a\\nb\\rc\\td\\\\e\\"f\\$g\\q#"\n', { A: 'a\nb\rc\td\\e"f$g\\q#' }],
    ["backslashes in bare values", "A=C:\\new\\$x\n", { A: "C:\\new$x" }],
    ["values of several lines", "A=\"one\n two\"\nB='x\n\ny'\nC=3", { A: "one\n two", B: "x\n\ny", C: "3" }],
    ["CRLF", 'A=1\r\nB="x\r\ny"\r\n', { A: "1", B: "x\ny" }],
    ["a byte order mark", "\uFEFFA=1\n", { A: "1" }],
    ["quotes inside a bare value", 'A=it\'s "so"\n', { A: 'it\'s "so"' }],
    ["the last of two lines", "A=1\nA=2\n", { A: "2" }],
  ])("reads %s", (_, text, expected) => {
    expect(parse(text)).toEqual(expected);
  });

  test.each([
    ["$HOME", "/root"],
    ["${HOME}x", "/rootx"],
    ["$HOMEx.", "."],
    ["a$", "a$"],
    ["$1 $$ $-", "$1 $ $-"],
    ["$$HOME", "$HOME"],
    ["\\$HOME", "$HOME"],
    ["${NO:-d}", "d"],
    ["${NO-d}", "d"],
    ["${EMPTY:-d}", "d"],
    ["${EMPTY-d}", ""],
    ["${HOME:-d}", "/root"],
    ["${HOME:+x}", "x"],
    ["${NO:+x}", ""],
    ["${EMPTY:+x}", ""],
    ["${EMPTY+x}", "x"],
    ["${HOME:?e}", "/root"],
    ["${EMPTY?e}", ""],
    ["${NO:-${ALSO_NO:-$HOME}}", "/root"],
    ["${NO:-}", ""],
    ["${NO:-a}b}", "ab}"],
  ])("expands %s to %j, bare and in double quotes", (text, expected) => {
    expect(parse(`A=${text}\nB="${text}"\n`)).toEqual({ A: expected, B: expected });
  });

  test("expands earlier lines, which stand over the user's environment", () => {
    expect(parse("A=$HOME\nHOME=/x\nB=$HOME\nC=$LATER\nLATER=1\n")).toEqual({
      A: "/root",
      HOME: "/x",
      B: "/x",
      C: "",
      LATER: "1",
    });
  });

  test.each([
    ["A=1\nnonsense\n", '.env:2:1: "nonsense" has no "=": write "NAME=value"'],
    ["1A=x\n", '.env:1:1: "1A" is no name: a name is letters, digits, _ . and -, and begins with a letter or _'],
    ["=x\n", '.env:1:1: "" is no name: a name is letters, digits, _ . and -, and begins with a letter or _'],
    ["export B\n", '.env:1:1: "B" is exported but has no value: write "B=value"'],
    ["A=1\nB='x\ny\n", ".env:2:3: a ' that is never closed"],
    ['  B="x\n', '.env:1:5: a " that is never closed'],
    ["A='x'y\n", ".env:1:6: text after the closing '; put all of the value inside the quotes"],
    ['A="x" y\n', '.env:1:6: text after the closing "; put all of the value inside the quotes'],
    ["A=é${B\n", ".env:1:4: ${ without a name and } after it; a literal $ is written \\$"],
    ["A=${}\n", ".env:1:3: ${ without a name and } after it; a literal $ is written \\$"],
    ["A=${1:-x}\n", ".env:1:3: ${ without a name and } after it; a literal $ is written \\$"],
    ["A=${B:-x\n", ".env:1:3: a ${ that is never closed"],
    ["A=${NO:?set it in .env}\n", '.env:1:3: "NO" must have a value: set it in .env'],
    ["A=x${NO?}\n", '.env:1:4: "NO" must have a value: it is required'],
    [`A=${"${B:-".repeat(20)}${"}".repeat(20)}\n`, ".env:1:3: ${ nested more than 16 deep"],
  ])("refuses %j with its place", (text, message) => {
    expect(thrownBy(() => parse(text))).toEqual({
      code: "env_invalid",
      message: `Cannot use the env file: ${message}`,
    });
  });

  test("tells of everything wrong at once", () => {
    const { message } = thrownBy(() => parse("one\nA=1\nB='x'y\ntwo\n"));
    expect(message.split("\n  ").map((line) => line.split(" ")[0])).toEqual([
      "Cannot",
      ".env:1:1:",
      ".env:3:6:",
      ".env:4:1:",
    ]);
  });

  test("refuses values that double one another without end", () => {
    const lines = Array.from({ length: 40 }, (_, n) => `A${n + 1}=$A${n}$A${n}\n`);
    const { message } = thrownBy(() => parse(`A0=x\n${lines.join("")}`));
    expect(message).toContain(": the value is longer than 128 KiB, which no program can be given");
  });
});
