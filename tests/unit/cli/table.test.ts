import { describe, expect, test } from "bun:test";
import { type Cell, renderTable } from "../../../src/cli/table.ts";

const head = ["JOB", "STATE", "WHY"];
const table = (rows: (string | Cell)[][], colour = false): string[] => renderTable({ head, rows, colour }).split("\n");

describe("renderTable()", () => {
  test("puts columns below each other and leaves nothing at the ends of lines", () => {
    expect(
      table([
        ["web", "running", ""],
        ["a-long-name", "up", "because it is so"],
      ]),
    ).toEqual(["JOB          STATE    WHY", "web          running", "a-long-name  up       because it is so", ""]);
  });

  test("without rows it is its head", () => {
    expect(table([])).toEqual(["JOB  STATE  WHY", ""]);
  });

  test("wide characters take two columns, marks none", () => {
    expect(
      table([
        ["日本", "x", "y"],
        ["e\u0301🦊", "x", "y"],
        ["abcde", "x", "y"],
      ]),
    ).toEqual(["JOB    STATE  WHY", "日本   x      y", "e\u0301🦊    x      y", "abcde  x      y", ""]);
  });

  test("control characters can't tear it: each is a space, and the columns stand all the same", () => {
    const rows = [
      ["a\nb", "\u001b[31mred", "x\r\ty"],
      ["\u007f\u009b2J", "\u0000", "line\u2028end"],
      ["abcdef", "x", "y"],
    ];
    expect(table(rows)).toEqual([
      "JOB     STATE     WHY",
      "a b      [31mred  x  y",
      "  2J              line end",
      "abcdef  x         y",
      "",
    ]);
  });

  test("a colour is shown only where it may be, and takes no room", () => {
    const rows = [
      ["web", { text: "up", colour: 32 }, { text: "end", colour: 31 }],
      ["b", { text: "x" }, "y"],
    ];
    expect(table(rows, true)).toEqual([
      "JOB  STATE  WHY",
      "web  \u001b[32mup\u001b[39m     \u001b[31mend\u001b[39m",
      "b    x      y",
      "",
    ]);
    expect(table(rows).join("")).not.toContain("\u001b");
  });

  test("a row that is too short, or empty", () => {
    expect(table([["web"], []])).toEqual(["JOB  STATE  WHY", "web", "", ""]);
  });
});
