import { describe, expect, test } from "bun:test";
import { GafferError } from "../../src/base/gaffer-error.ts";
import type { CommandSpec } from "../../src/cli/flag-spec.ts";
import { parseFlags } from "../../src/cli/parse-flags.ts";
import { envKind, parseEnvFile } from "../../src/config/env-file.ts";
import { parseFormation } from "../../src/config/formation.ts";
import { Procfile } from "../../src/config/procfile.ts";
import { decode, SourceText, SyntaxFault } from "../../src/config/source-text.ts";
import { procfileKind } from "../../src/config/procfile-text.ts";
import { splitWords } from "../../src/config/command-words.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const seed = Number(process.env["GAFFER_FUZZ_SEED"] ?? Date.now() % 2 ** 31);
const rounds = Number(process.env["GAFFER_FUZZ_ROUNDS"] ?? 20_000);

const goodProcfile =
  "# the app\nweb: python -u web.py --port=$PORT 'a b'\nworker-1: cd x && ./run\n\nclock: sleep \"1 0\" \\$x\n";
const goodEnv = '# all of it\nexport A=1\nB=\'x $y\'\nC="a\\n${A:-${B-d}}"\nD=a b # c\nE=${A:+$B}${A:?no}\nF="1\n2"\n';
const goodFormation = "web=2,worker-1=03,all=0";
const goodFlags = "start -c web=2 --env=a.env -xp 80 --no-restart -- -x";

/** Pieces that mean something to some parser here. */
const pieces = [
  ..."\\'\"$&|#:=,-{}()\n\r\t \0\uFEFFé\u{1F600}a1_.%".matchAll(/./gsu).map(([piece]) => piece),
  "${",
  "${A:-",
  "export ",
  "--",
  "\u2028",
  "\uD800",
  "x".repeat(300),
];

/** A good text with a few places changed, or nothing but pieces. */
function mangle(good: string, random: SeededRandom): string {
  if (random.next() < 0.2) return random.several(40, () => random.pick(pieces)).join("");
  let text = good;
  for (let left = 1 + random.below(5); left > 0; left--) {
    const at = random.below(text.length + 1);
    const cut = random.next() < 0.5 ? random.below(4) : 0;
    text = text.slice(0, at) + (random.next() < 0.8 ? random.pick(pieces) : "") + text.slice(at + cut);
  }
  return text;
}

/** Runs `parse` on many mangled texts: it may refuse them, with an error of ours, and nothing else. */
function fuzz(good: string, parse: (text: string) => unknown): { accepted: number; refused: number } {
  const random = new SeededRandom(seed);
  const count = { accepted: 0, refused: 0 };
  for (let round = 0; round < rounds; round++) {
    const text = mangle(good, random);
    try {
      parse(text);
      count.accepted++;
    } catch (error) {
      if (!(error instanceof GafferError)) {
        throw new Error(`seed ${seed}, round ${round}: ${JSON.stringify(text)}`, { cause: error });
      }
      expect(error.message).toMatch(/^Cannot .+: ./s);
      count.refused++;
    }
  }
  // A fuzz that only ever sees one side of a parser looks at nothing.
  expect([count.accepted > rounds / 100, count.refused > rounds / 100]).toEqual([true, true]);
  return count;
}

test(`Procfile (seed ${seed})`, () => {
  fuzz(goodProcfile, (text) => {
    const procfile = Procfile.parse(text);
    const jobs = procfile.names().map((name) => procfile.asDict(name));
    // What was accepted is whole: every job has a command, and names are what they may be.
    for (const { name, cmd } of jobs)
      expect([/^[A-Za-z0-9_][A-Za-z0-9_-]*$/.test(name), cmd !== ""]).toEqual([true, true]);
  });
});

test(`bytes of a Procfile (seed ${seed})`, () => {
  const random = new SeededRandom(seed);
  fuzz(goodProcfile, (text) => {
    const bytes = Buffer.from(text);
    if (bytes.length > 0 && random.next() < 0.5) bytes[random.below(bytes.length)] = random.below(256);
    Procfile.parse(decode(bytes, { kind: procfileKind, name: "Procfile" }).text);
  });
});

test(`.env (seed ${seed})`, () => {
  fuzz(goodEnv, (text) => {
    const entries = parseEnvFile(decode(Buffer.from(text), { kind: envKind, name: ".env" }));
    for (const { value } of entries.values()) expect(value.length).toBeLessThanOrEqual(128 * 1024);
  });
});

test(`command lines (seed ${seed})`, () => {
  fuzz('python -u web.py --port=$PORT \'a b\' "c \\" d" \\$x', (text) => {
    const { shell, cmd, args } = Procfile.parseCmd(text);
    if (shell) expect([cmd, args]).toEqual([text, []]);
    // The program's quoting is undone by splitting it again, as a manager does.
    else expect(splitWords(cmd)).toHaveLength(1);
  });
});

test(`formations (seed ${seed})`, () => {
  fuzz(goodFormation, (text) => {
    for (const count of parseFormation([text], ["web", "worker-1"]).values()) {
      expect(Number.isSafeInteger(count) && count >= 0 && count <= 10_000).toBe(true);
    }
  });
});

test(`flags (seed ${seed})`, () => {
  const spec = {
    name: "start",
    summary: "",
    examples: [],
    positionals: { name: "job", description: "" },
    flags: {
      concurrency: { type: "string", short: "c", description: "", repeatable: true },
      env: { type: "string", short: "e", description: "", repeatable: true },
      port: { type: "port", short: "p", description: "" },
      exit: { type: "boolean", short: "x", description: "" },
      restart: { type: "boolean", default: true, description: "" },
    },
  } as const satisfies CommandSpec;
  fuzz(goodFlags, (text) => {
    const { flags, positionals } = parseFlags(spec, text.split(" "));
    expect([typeof flags.exit, Array.isArray(flags.env), Array.isArray(positionals)]).toEqual(["boolean", true, true]);
  });
});

test(`splitWords() agrees with sh (seed ${seed})`, () => {
  const random = new SeededRandom(seed);
  const letters = Array.from("ab  '\"\\\\\t/=$");
  const lines: string[] = [];
  const ours: string[][] = [];
  while (lines.length < 3000) {
    const line = random.several(14, () => random.pick(letters)).join("");
    // A $ before a name is gaffer's to expand; here every one is literal.
    if (/\$[ab'"\\$]|\$$/.test(line)) continue;
    try {
      ours.push(splitWords(line).map((word) => word.replaceAll("$$", "$")));
      lines.push(line);
    } catch (error) {
      // Only sh -n could say whether it refuses it too; what is refused is tested one by one elsewhere.
      expect(error).toBeInstanceOf(SyntaxFault);
    }
  }
  const script = lines.map((line) => `set -- ${line}\nprintf '%s\\n' "$#" "$@"\n`).join("");
  const { stdout } = Bun.spawnSync(["sh"], { stdin: Buffer.from(script) });
  expect(stdout.toString()).toBe(ours.map((words) => [words.length, ...words, ""].join("\n")).join(""));
});

describe("a text of a megabyte", () => {
  const size = 1_000_000;
  const fill = (piece: string): string => piece.repeat(Math.floor(size / piece.length));
  const texts = [
    "\n",
    " ",
    "#",
    "x",
    "x\n",
    "x:y\n",
    "A=1\n",
    "a: '",
    "A=${A:-",
    "A=$A$A\n",
    "${",
    "\\",
    '"',
    "'",
    "A='",
    "-",
    ":",
  ];

  test.each(texts)("made of %j is read or refused, and soon", (piece) => {
    for (const text of [fill(piece), `web: ${fill(piece)}`, `A="${fill(piece)}`, `A=${fill(piece)}`]) {
      const parsers = [
        () => Procfile.parse(text),
        () => parseEnvFile(new SourceText(".env", text, envKind)),
        () => Procfile.parseCmd(text),
        () => parseFormation([text], ["web"]),
      ];
      for (const parse of parsers) {
        try {
          parse();
        } catch (error) {
          expect(error).toBeInstanceOf(GafferError);
        }
      }
    }
  });
});
