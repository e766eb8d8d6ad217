import { describe, expect, test } from "bun:test";
import { countLines, eachLine, LineSplitter } from "../../../src/output/line-splitter.ts";

function splitter(limitBytes?: number) {
  const told: string[] = [];
  const made = new LineSplitter(
    {
      lines: (block) => told.push(Buffer.from(block).toString("latin1")),
      cut: (lostBytes) => told.push(`<${lostBytes} lost>`),
    },
    limitBytes,
  );
  return { told, splitter: made, write: (text: string) => made.write(Buffer.from(text, "latin1")) };
}

describe("LineSplitter", () => {
  test("hands whole lines on together", () => {
    const { told, write } = splitter();
    write("one\ntwo\nthr");
    write("ee\nfour\n");
    expect(told).toEqual(["one\ntwo\n", "three\n", "four\n"]);
  });

  test("hands an untouched chunk on as it is", () => {
    const chunk = Buffer.from("one\ntwo\n");
    const blocks: Uint8Array[] = [];
    new LineSplitter({ lines: (block) => blocks.push(block), cut: () => undefined }).write(chunk);
    expect(blocks[0]).toBe(chunk);
  });

  test("completes a last line without newline at the end, once", () => {
    const { told, splitter: made, write } = splitter();
    write("one\ntw");
    write("o");
    made.end();
    made.end();
    expect(told).toEqual(["one\n", "two\n"]);
  });

  test("keeps empty lines, and says nothing for an empty stream", () => {
    const { told, write } = splitter();
    write("\n\na\n");
    const nothing = splitter();
    nothing.splitter.end();
    expect([told, nothing.told]).toEqual([["\n\na\n"], []]);
  });

  test("takes every cut of a text as it takes the whole", () => {
    const text = "first\n\nsecond line\r\nthird \xff\x00\xfe\nlast";
    for (let a = 0; a <= text.length; a++) {
      for (let b = a; b <= text.length; b++) {
        const { told, splitter: made, write } = splitter();
        for (const part of [text.slice(0, a), text.slice(a, b), text.slice(b)]) write(part);
        made.end();
        expect(told.join("")).toBe(`${text}\n`);
        expect(told.every((block) => block.endsWith("\n"))).toBe(true);
      }
    }
  });

  test("a line of 10 MB passes whole", () => {
    let length = 0;
    const made = new LineSplitter({ lines: (block) => (length += block.length), cut: () => (length = -1) });
    for (let n = 0; n < 160; n++) made.write(Buffer.alloc(65_536, "x"));
    made.write(Buffer.from("\n"));
    expect(length).toBe(160 * 65_536 + 1);
  });

  test("a line over the bound is cut, and tells how much is missing", () => {
    const { told, write } = splitter(4);
    write("abcdefgh");
    write("ij");
    write("k\nnext\n");
    expect(told).toEqual(["abcd\n", "<8 lost>\n".trim(), "next\n"]);
  });

  test("a line of the bound exactly loses nothing but may end in the next chunk", () => {
    const { told, write } = splitter(4);
    write("abc");
    write("\nabcdef\nx");
    write("\n");
    expect(told).toEqual(["abc\n", "abcdef\n", "x\n"]);
  });

  test("a cut line at the end of the stream is told too", () => {
    const { told, splitter: made, write } = splitter(2);
    write("abcd");
    made.end();
    expect(told).toEqual(["ab\n", "<2 lost>"]);
  });

  test("after a gap the torn line is left out and counted", () => {
    const { told, splitter: made, write } = splitter();
    write("begun");
    made.gap(100);
    write("rest of a line\nwhole\n");
    expect(told).toEqual(["begun\n", "<115 lost>", "whole\n"]);
  });
});

test("eachLine() gives lines without their newline, the last one too", () => {
  const lines: string[] = [];
  eachLine(Buffer.from("a\n\nb\nc"), (line) => lines.push(Buffer.from(line).toString()));
  expect(lines).toEqual(["a", "", "b", "c"]);
});

test("countLines() counts newlines", () => {
  expect([countLines(Buffer.from("")), countLines(new Uint8Array([10, 65, 10]))]).toEqual([0, 2]);
});
