import { describe, expect, test } from "bun:test";
import { parse } from "smol-toml";
import { configKind } from "../../../src/config/problem-list.ts";
import { SourceText } from "../../../src/config/source-text.ts";
import { tomlPath, tomlPlaces } from "../../../src/config/toml-places.ts";

/** `line:column` of the keys and of their values, by dotted path. */
function places(text: string): Record<string, string> {
  parse(text);
  const found = [...tomlPlaces(new SourceText("g.toml", text, configKind))];
  return Object.fromEntries(
    found.map(([path, { key, value }]) => [
      path.replaceAll("\0", "."),
      `${key.line}:${key.column} ${value.line}:${value.column}`,
    ]),
  );
}

describe("tomlPlaces()", () => {
  test("finds tables, keys and values, dotted, quoted and inline", () => {
    const text = [
      'top = 1 # "no',
      "[process.web]",
      '  cmd = "a # b = [\\"x"',
      "env.PORT = 80",
      "'quo ted' = '''",
      "not = a key'''",
      'flapping = { attempts = 2, "window" = [1, {x = 2}] }',
      "args = [ # comment ]",
      "  'a', [1, 2],",
      "]",
      "[[list]]",
      'x = """a""""',
      '["\\u0041b" . c]',
      "d=2020-01-01 10:00:00",
    ].join("\n");
    expect(places(text)).toMatchObject({
      top: "1:1 1:7",
      "process.web": "2:1 2:1",
      "process.web.cmd": "3:3 3:9",
      "process.web.env": "4:1 4:12",
      "process.web.env.PORT": "4:1 4:12",
      "process.web.quo ted": "5:1 5:13",
      "process.web.flapping": "7:1 7:12",
      "process.web.flapping.attempts": "7:14 7:25",
      "process.web.flapping.window": "7:28 7:39",
      "process.web.args": "8:1 8:8",
      list: "11:1 11:1",
      "list.x": "12:1 12:5",
      "Ab.c": "13:1 13:1",
      "Ab.c.d": "14:1 14:3",
    });
    expect(places(text)).not.toHaveProperty(["process.web.not"]);
  });

  test("counts columns in characters, and ends with the text", () => {
    expect(places("x = '🙂'\ny = { a = '🙂', b = 1 }")["y.b"]).toBe("2:16 2:20");
    for (const text of ["", "[", "[a", "a", "a =", "a = [", "a = {", 'a = "', "a = '''", "a = {b", "a = [[[", "]"])
      expect(tomlPlaces(new SourceText("g.toml", text, configKind))).toBeInstanceOf(Map);
  });

  test("does not copy a path that is longer than any of ours", () => {
    const deep = Array.from({ length: 100_000 }, () => "a").join(".");
    const found = tomlPlaces(new SourceText("g.toml", `[${deep}]\n${deep} = 1\nb = 2\n[c]\nd = 1\n`, configKind));
    expect(found.get(tomlPath(["c", "d"]))?.key.line).toBe(5);
  });
});
