import { expect, test } from "bun:test";
import { unfinishedTail } from "../../../src/output/utf8-tail.ts";

test("unfinishedTail() counts the bytes of a character whose rest has not come, however it is cut", () => {
  const bytes = Buffer.from("aé€😀z€");
  const starts = [0, 1, 3, 6, 10, 11, 14];
  for (let cut = 0; cut <= bytes.length; cut++) {
    const begun = cut - Math.max(...starts.filter((start) => start <= cut));
    expect([cut, unfinishedTail(bytes.subarray(0, cut)).length]).toEqual([cut, begun]);
    for (let first = 0; first <= cut; first++) {
      const before = unfinishedTail(bytes.subarray(0, first));
      expect([first, cut, unfinishedTail(bytes.subarray(first, cut), before).length]).toEqual([first, cut, begun]);
    }
  }
});

test("unfinishedTail() takes what is no UTF-8 as finished", () => {
  expect(unfinishedTail(Uint8Array.of(0x80, 0x80, 0x80, 0x80)).length).toBe(0);
  expect(unfinishedTail(Uint8Array.of(0x41, 0x80)).length).toBe(0);
});
