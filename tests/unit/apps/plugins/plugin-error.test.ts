import { describe, expect, test } from "bun:test";
import { describePluginError, filesOf, logPluginError } from "../../../../src/apps/plugins/plugin-error.ts";

const withStack = (message: string, stack: string): Error => Object.assign(new Error(message), { stack });

describe("an error of a plugin", () => {
  test("is told in one line, with its place where it has one", () => {
    const placed = { message: "Unexpected ;\nmore", position: { file: "/p/a.ts", line: 3, column: 4 } };
    for (const [error, text] of [
      [new Error("one\ntwo"), "one"],
      [new TypeError(""), "TypeError"],
      ["text", "text"],
      [undefined, "undefined"],
      [null, "null"],
      [{ message: "of an object" }, "of an object"],
      [placed, "/p/a.ts:3:4: Unexpected ;"],
      [new AggregateError([new Error("x"), placed], "2 errors"), "/p/a.ts:3:4: Unexpected ;"],
      [new Error("outer", { cause: placed }), "/p/a.ts:3:4: Unexpected ;"],
      [{ message: "m", position: null }, "m"],
    ] as const) {
      expect(describePluginError(error)).toBe(text);
    }
    expect(logPluginError(withStack("m", "Error: m\n    at /p/x.ts:1:2"))).toBe("Error: m\n    at /p/x.ts:1:2");
    expect(logPluginError("text")).toBe("text");
  });

  test("names the files of its stack, of its causes and of those it gathers", () => {
    const deep = withStack("deep", "Error: deep\n    at f (/p/c.ts:1:2)");
    const error = withStack(
      "m",
      "Error: m\n    at async f (/p/a b.ts:1:2)\n    at <anonymous> (/p/b.ts:3)\n    at /p/d.ts:4:5",
    );
    error.cause = new AggregateError([deep]);
    expect(filesOf(error)).toEqual(expect.arrayContaining(["/p/a b.ts", "/p/b.ts", "/p/d.ts", "/p/c.ts"]));
    expect(filesOf(withStack("m", "Error: m\n    at parse (unknown)\n    at <parse> (:0)\n    at native:1:2"))).toEqual(
      [],
    );
    expect(filesOf("at /p/x.ts:1:2")).toEqual([]);
    error.cause = error;
    expect(filesOf(error)).toContain("/p/d.ts");
  });
});
