import { describe, expect, test } from "bun:test";
import type { CommandSpec } from "../../../src/cli/flag-spec.ts";
import { parseFlags } from "../../../src/cli/parse-flags.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const spec = {
  name: "go",
  summary: "Goes",
  examples: [],
  positionals: { name: "job", description: "Jobs", most: 3 },
  flags: {
    file: { type: "string", short: "f", value: "FILE", description: "A file" },
    env: { type: "string", short: "e", repeatable: true, description: "Environment" },
    port: { type: "port", short: "p", description: "A port" },
    wait: { type: "seconds", short: "w", description: "A time" },
    exit: { type: "boolean", short: "x", description: "Ends" },
    quiet: { type: "boolean", short: "q", description: "Silent" },
    restart: { type: "boolean", default: true, description: "Restarts" },
  },
} as const satisfies CommandSpec;

const parse = (...argv: string[]): ReturnType<typeof parseFlags<typeof spec.flags>> => parseFlags(spec, argv);

const absent = {
  file: undefined,
  env: [],
  port: undefined,
  wait: undefined,
  exit: false,
  quiet: false,
  restart: true,
  color: true,
  help: false,
};

describe("parseFlags()", () => {
  test("gives every flag a value", () => {
    expect(parse()).toEqual({ flags: absent, positionals: [] });
  });

  test.each<[string[], object]>([
    [["--file", "a"], { file: "a" }],
    [["--file=a"], { file: "a" }],
    [["--file=a=b"], { file: "a=b" }],
    [["-f", "a"], { file: "a" }],
    [["-fa"], { file: "a" }],
    [["-f=a"], { file: "a" }],
    [["-f", "-"], { file: "-" }],
    [["--file=-x"], { file: "-x" }],
    [["-f", "a", "-f", "b"], { file: "b" }],
    [["-e", "a", "--env=b", "-ec"], { env: ["a", "b", "c"] }],
    [["-xq"], { exit: true, quiet: true }],
    [["-xqf", "a"], { exit: true, quiet: true, file: "a" }],
    [["-xfa"], { exit: true, file: "a" }],
    [["--exit"], { exit: true }],
    [["--exit", "--no-exit"], { exit: false }],
    [["--no-restart"], { restart: false }],
    [["--no-restart", "--restart"], { restart: true }],
    [["--no-color", "-h"], { color: false, help: true }],
    [["-p", "65535"], { port: 65_535 }],
    [["-w", "0.5"], { wait: 0.5 }],
    [["-w", "0"], { wait: 0 }],
    [["--wait=.25"], { wait: 0.25 }],
  ])("reads %j", (argv, expected) => {
    expect(parse(...argv).flags).toEqual({ ...absent, ...expected });
  });

  test("keeps flags and arguments apart wherever they stand", () => {
    expect(parse("a", "-x", "b", "--file", "c", "d")).toEqual({
      flags: { ...absent, exit: true, file: "c" },
      positionals: ["a", "b", "d"],
    });
  });

  test("takes nothing for a flag after --", () => {
    expect(parse("-x", "--", "-q", "--")).toEqual({ flags: { ...absent, exit: true }, positionals: ["-q", "--"] });
  });

  test.each([
    [["--fiel", "a"], 'Cannot use --fiel: there is no such flag (did you mean "--file"?)'],
    [["--no-restrat"], 'Cannot use --no-restrat: there is no such flag (did you mean "--no-restart"?)'],
    [["--zzz=1"], "Cannot use --zzz: there is no such flag"],
    [["-z"], "Cannot use -z: there is no such flag"],
    [["-xz"], "Cannot use -z: there is no such flag"],
    [["--no-file"], 'Cannot use --no-file: there is no such flag (did you mean "--file"?)'],
    [["--toString"], "Cannot use --toString: there is no such flag"],
    [["--__proto__"], "Cannot use --__proto__: there is no such flag"],
    [["--file"], "Cannot use --file: it needs a value, --file FILE"],
    [["-f"], "Cannot use -f: it needs a value, -f FILE"],
    [["-f", "-x"], "Cannot use -f: it needs a value, -f FILE"],
    [["-f", "--"], "Cannot use -f: it needs a value, -f FILE"],
    [["--file="], 'Cannot use --file "": an empty value means nothing'],
    [["--exit=yes"], "Cannot use --exit=yes: --exit takes no value"],
    [["--no-exit=1"], "Cannot use --no-exit=1: --no-exit takes no value"],
    [["-x=1"], "Cannot use -x=1: -x takes no value"],
    [["-p", "0"], 'Cannot use -p "0": a port is a whole number from 1 to 65535'],
    [["--port=65536"], 'Cannot use --port "65536": a port is a whole number from 1 to 65535'],
    [["-p", "http"], 'Cannot use -p "http": a port is a whole number from 1 to 65535'],
    [["-w", "soon"], 'Cannot use -w "soon": it takes seconds, such as 5 or 0.5, at most 2147483'],
    [["-w", "-1"], 'Cannot use -w "-1": it takes seconds, such as 5 or 0.5, at most 2147483'],
    [["-w", "Infinity"], 'Cannot use -w "Infinity": it takes seconds, such as 5 or 0.5, at most 2147483'],
    [["-w", "2147484"], 'Cannot use -w "2147484": it takes seconds, such as 5 or 0.5, at most 2147483'],
    [["a", "b", "c", "d"], 'Cannot use argument "d": go takes at most 3; see "gaffer help go"'],
  ])("refuses %j", (argv, message) => {
    expect(thrownBy(() => parse(...argv))).toEqual({ code: "usage", message });
  });

  test("refuses any argument of a command that takes none", () => {
    const bare = { name: "bare", summary: "", examples: [], flags: {} } satisfies CommandSpec;
    expect(thrownBy(() => parseFlags(bare, ["x"])).message).toBe(
      'Cannot use argument "x": bare takes no arguments; see "gaffer help bare"',
    );
  });
});
