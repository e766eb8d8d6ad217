import { describe, expect, test } from "bun:test";
import { parseIni } from "../../../src/config/ini-text.ts";
import { configKind } from "../../../src/config/problem-list.ts";
import { formatPlace, SourceText } from "../../../src/config/source-text.ts";

const read = (text: string): ReturnType<typeof parseIni> => parseIni(new SourceText("g.ini", text, configKind));

/** Sections as `header: key=value`, problems as they are told. */
function outline(text: string): string[] {
  const { sections, problems } = read(text);
  return [
    ...sections.flatMap(({ header, entries }) => [
      `[${header}]`,
      ...entries.map(({ key, value }) => `${key}=${JSON.stringify(value)}`),
    ]),
    ...problems.map(({ place, message }) => `${formatPlace(place)}: ${message}`),
  ];
}

describe("parseIni()", () => {
  test("reads keys set apart by = or :, with a place for each key and value", () => {
    expect(read("[gaffer]\n bind  =  :80\npidfile:x y\n")).toEqual({
      sections: [
        {
          header: "gaffer",
          place: { file: "g.ini", line: 1, column: 1 },
          entries: [
            {
              key: "bind",
              value: ":80",
              place: { file: "g.ini", line: 2, column: 2 },
              valuePlace: { file: "g.ini", line: 2, column: 11 },
            },
            {
              key: "pidfile",
              value: "x y",
              place: { file: "g.ini", line: 3, column: 1 },
              valuePlace: { file: "g.ini", line: 3, column: 9 },
            },
          ],
        },
      ],
      problems: [],
    });
  });

  const readings: readonly [what: string, text: string, outline: readonly string[]][] = [
    ["comments on lines of their own only", "# a\n[a]\n ; b\nk = v ; no # comment\n", ["[a]", 'k="v ; no # comment"']],
    ["a literal % and quotes as they are", '[a]\nk = date +%H "x"\n', ["[a]", 'k="date +%H \\"x\\""']],
    ["a byte order mark and CRLF", "\uFEFF[a]\r\nk = v\r\n", ["[a]", 'k="v"']],
    ["an empty value", "[a]\nk =\nl:\n", ["[a]", 'k=""', 'l=""']],
    [
      "deeper lines as more of the value",
      "[a]\nk = one\n  two\n\n\tthree = 3\nl = 1\n",
      ["[a]", 'k="one\\ntwo\\n\\nthree = 3"', 'l="1"'],
    ],
    ["no comment as part of a value", "[a]\nk = one\n  # not me\n  two\n", ["[a]", 'k="one\\ntwo"']],
    ["keys that are indented alike as keys", "[a]\n  k = 1\n  l = 2\n", ["[a]", 'k="1"', 'l="2"']],
    ["no value that goes on below a header", "[a]\n  k = 1\n", ["[a]", 'k="1"']],
    [
      "env:KEY as one key of a job",
      "[process:x]\nenv:A_b = 1\nENV:C : d=e\n",
      ["[process:x]", 'env:A_b="1"', 'ENV:C="d=e"'],
    ],
    ["env:KEY as any key elsewhere", "[gaffer]\nenv:A = 1\n", ["[gaffer]", 'env="A = 1"']],
    ["a key with an = in its value", "[a]\nk = a=b:c\n", ["[a]", 'k="a=b:c"']],
    ["a line of the older Macintosh", "[a]\rk = v\r", ["[a]", 'k="v"']],
    ["blanks inside of a header's brackets", "[ a ]\n", ["[a]"]],
    ["nothing in nothing", "", []],
  ];
  test.each(readings)("reads %s", (_, text, expected) => {
    expect(outline(text)).toEqual([...expected]);
  });

  const faults: readonly [text: string, problem: string][] = [
    ["k = v\n", 'g.ini:1:1: "k = v" stands before the first section: write [gaffer] above it'],
    ["[a]\n  oops\n", 'g.ini:2:3: "oops" is no entry: write "key = value"'],
    ["[a]\n= v\n", 'g.ini:2:1: there is no key before the "="'],
    ["[a\n", 'g.ini:1:1: a section\'s name ends with "]"'],
    ["[]\n", "g.ini:1:1: a section without a name"],
    ["[a] # b\n", "g.ini:1:4: text after a section's name; a comment stands on a line of its own"],
  ];
  test.each(faults)("tells what is wrong with %j", (text, problem) => {
    expect(read(text).problems.map(({ place, message }) => `${formatPlace(place)}: ${message}`)).toEqual([problem]);
  });

  test("goes on after a fault, and stops at the twentieth", () => {
    expect(outline("[a]\nx\nk = v\ny\n")).toEqual([
      "[a]",
      'k="v"',
      'g.ini:2:1: "x" is no entry: write "key = value"',
      'g.ini:4:1: "y" is no entry: write "key = value"',
    ]);
    expect(read(`[a]\n${"x\n".repeat(100)}`).problems).toHaveLength(20);
  });
});
