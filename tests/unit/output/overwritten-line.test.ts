import { describe, expect, test } from "bun:test";
import { OverwrittenLine } from "../../../src/output/overwritten-line.ts";

const show = (line: Uint8Array | undefined) => (line === undefined ? undefined : Buffer.from(line).toString());
const say = (text: string) => Buffer.from(text);

describe("OverwrittenLine", () => {
  test("a line without carriage return is never shown before its end", () => {
    const line = new OverwrittenLine();
    line.write(say("downloading"));
    expect([show(line.preview(0)), line.nextPreviewAt(), show(line.end())]).toEqual([
      undefined,
      undefined,
      "downloading",
    ]);
  });

  test("the end of a terminal's line is no overwriting", () => {
    const line = new OverwrittenLine();
    line.write(say("done\r"));
    expect([show(line.preview(0)), show(line.end())]).toEqual([undefined, "done"]);
  });

  test("is shown as it ends, without what was overwritten", () => {
    const line = new OverwrittenLine();
    line.write(say("10 %\r50 %\r100 %\r"));
    expect(show(line.end())).toBe("100 %");
  });

  test("is shown meanwhile, at most four times a second", () => {
    const line = new OverwrittenLine();
    const shown: string[] = [];
    for (let at = 0; at < 2000; at += 10) {
      line.write(say(`${at}\r`));
      const text = show(line.preview(at));
      if (text !== undefined) shown.push(text);
    }
    expect(shown).toEqual(["10", "260", "510", "760", "1010", "1260", "1510", "1760"]);
  });

  test("tells when the next look is due, and only while something new waits", () => {
    const line = new OverwrittenLine();
    line.write(say("0\r1\r"));
    const first = [show(line.preview(1000)), line.nextPreviewAt()];
    line.write(say("2\r"));
    const second = [line.nextPreviewAt(), show(line.preview(1249)), show(line.preview(1250)), line.nextPreviewAt()];
    expect([first, second]).toEqual([
      ["1", undefined],
      [1250, undefined, "2", undefined],
    ]);
  });

  test("what was shown last is not shown again as the end unless it is the line's end", () => {
    const line = new OverwrittenLine();
    line.write(say("25 %\r50 %\r"));
    line.preview(0);
    expect(show(line.end())).toBe("50 %");
    line.write(say("fresh"));
    expect([show(line.preview(10)), show(line.end()), show(line.end())]).toEqual([undefined, "fresh", ""]);
  });

  test("a cut anywhere gives the same end", () => {
    const text = "one\rtwo\r\rthree\r";
    for (let cut = 0; cut <= text.length; cut++) {
      const line = new OverwrittenLine();
      line.write(say(text.slice(0, cut)));
      line.write(say(text.slice(cut)));
      expect(show(line.end())).toBe("three");
    }
  });

  test("holds no more than its bound of a line", () => {
    const line = new OverwrittenLine(4);
    line.write(say("abcdefgh"));
    line.write(say("ij"));
    expect(show(line.end())).toBe("abcd");
  });
});
