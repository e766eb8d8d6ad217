import { expect, test } from "bun:test";
import { parseIni } from "../../src/config/ini-text.ts";
import { configKind } from "../../src/config/problem-list.ts";
import { SourceText } from "../../src/config/source-text.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const seed = Number(process.env["FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

/** Python's reading of each text of a list: sections with their options in order, or null where it refuses. */
const python = `
import configparser, json, sys
def read(text):
    parser = configparser.RawConfigParser(default_section="\\0")
    parser.optionxform = str
    try:
        parser.read_string(text)
    except configparser.Error:
        return None
    return [[name, [[key, value.strip()] for key, value in parser.items(name)]] for name in parser.sections()]
print(json.dumps([read(text) for text in json.load(sys.stdin)]))
`;

const lines = [
  "[a]",
  "[b c]",
  "k = v",
  "l: w = x",
  "  m = 1",
  "\tn",
  "",
  "  ",
  "# no",
  "  ; no",
  "k",
  "= v",
  "[a",
  " [c]",
  "o =",
  'p = % "q" ; r',
];

/** Our reading in the same form. */
function ours(text: string): [string, [string, string][]][] | null {
  const { sections, problems } = parseIni(new SourceText("g.ini", text, configKind));
  const read = sections.map(({ header, entries }): [string, [string, string][]] => [
    header,
    entries.map(({ key, value }) => [key, value]),
  ]);
  // The same twice is left to who knows what keys there are.
  const twice = [sections.map(({ header }) => header), ...read.map(([, entries]) => entries.map(([key]) => key))].some(
    (names) => new Set(names).size < names.length,
  );
  return problems.length > 0 || twice ? null : read;
}

test(`parseIni() agrees with Python's ConfigParser (seed ${seed})`, () => {
  const random = new SeededRandom(seed);
  const texts = Array.from({ length: 4000 }, () => {
    const some = random.several(
      7,
      () => random.pick(lines) + (random.next() < 0.1 ? random.pick(Array.from(" =:#;[]%\t")) : ""),
    );
    return `[s]\n${some.join("\n")}${random.pick(["", "\n"])}`;
  });
  const { stdout, exitCode } = Bun.spawnSync(["python3", "-c", python], { stdin: Buffer.from(JSON.stringify(texts)) });
  expect(exitCode).toBe(0);
  const theirs: ReturnType<typeof ours>[] = JSON.parse(stdout.toString());
  let accepted = 0;
  for (const [index, text] of texts.entries()) {
    const read = ours(text);
    // Text after a header is lost on Python, a header without its end is a key to it: both are faults to us.
    if (/^\s*\[(?:[^\]]*$|.*\][^\]]*[^\]\s]\s*$)/m.test(text)) continue;
    if (read !== null) accepted++;
    try {
      expect(read).toEqual(theirs[index] ?? null);
    } catch (error) {
      throw new Error(`seed ${seed}: ${JSON.stringify(text)}`, { cause: error });
    }
  }
  expect(accepted).toBeGreaterThan(200);
});
