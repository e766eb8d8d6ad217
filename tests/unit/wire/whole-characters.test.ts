import { expect, test } from "bun:test";
import { textOf } from "../../../src/wire/io-frame.ts";
import { WholeCharacters } from "../../../src/wire/whole-characters.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

/** Cuts bytes anywhere, and gives what comes out. */
function pieces(all: Uint8Array, random: SeededRandom): Uint8Array[] {
  const whole = new WholeCharacters();
  const out: Uint8Array[] = [];
  for (let at = 0; at < all.length;) {
    const size = 1 + random.below(5);
    out.push(Uint8Array.from(whole.push(all.subarray(at, at + size))));
    at += size;
  }
  return [...out, whole.flush()];
}

test("text that is cut anywhere comes in pieces of text", () => {
  const random = new SeededRandom(Date.now() % 1_000_000);
  for (let round = 0; round < 500; round++) {
    const text = random.several(20, () => random.pick(["a", "é", "日", "🙂", "\n", "\0"])).join("");
    const parts = pieces(Buffer.from(text), random);
    expect(parts.map((part) => textOf(part)).join("")).toBe(text);
    expect(parts.at(-1)).toHaveLength(0);
  }
});

test("of bytes that are no text none is lost, changed or held for ever", () => {
  const random = new SeededRandom(Date.now() % 1_000_000);
  for (let round = 0; round < 2000; round++) {
    const all = Uint8Array.from(random.several(30, () => random.pick([0x41, 0x80, 0xbf, 0xc3, 0xe2, 0xf0, 0xff])));
    const parts = pieces(all, random);
    expect(new Uint8Array(Buffer.concat(parts))).toEqual(all);
    expect(parts.at(-1)?.length).toBeLessThan(4);
  }
});
