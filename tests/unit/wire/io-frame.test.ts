import { expect, test } from "bun:test";
import { decodeIoFrame, encodeIoFrame, textOf } from "../../../src/wire/io-frame.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("frames are those of gaffer 0.5", () => {
  const frame = encodeIoFrame({ type: "message", id: "someid", body: bytes("test") });
  expect(textOf(frame)).toBe("V1 message someid\0test");
  expect(decodeIoFrame("V1 response someid\0OK")).toEqual({ type: "response", id: "someid", body: bytes("OK") });
});

test("any body comes back, NUL and all", () => {
  const seed = Date.now() % 1_000_000;
  const random = new SeededRandom(seed);
  for (let round = 0; round < 2000; round++) {
    const body = Uint8Array.from(random.several(40, () => (random.below(3) === 0 ? 0 : random.below(256))));
    const frame = { type: random.pick(["message", "error", "gap"]), id: random.pick(["1", "é", "a-b"]), body };
    expect([seed, decodeIoFrame(encodeIoFrame(frame))]).toEqual([seed, frame]);
    const text = textOf(body);
    if (text === undefined) continue;
    expect([seed, decodeIoFrame(`V1 ${frame.type} ${frame.id}\0${text}`)]).toEqual([seed, frame]);
  }
});

test("what is no frame is none, whatever it is", () => {
  const none = [
    "",
    "\0",
    "V1",
    "V1 message id",
    "V1 message\0x",
    "V2 message id\0x",
    "V1 a b c\0x",
    "v1 message id\0x",
  ];
  none.push(
    "V1  message id\0x",
    " V1 message id\0x",
    `V1 message ${"i".repeat(2000)}\0x`,
    "V1 message \0x",
    "AUTH:key",
  );
  for (const text of none) expect([text, decodeIoFrame(text)]).toEqual([text, undefined]);
  expect(decodeIoFrame(Buffer.from("V1 message \xff\0x", "latin1"))).toBeUndefined();
  const random = new SeededRandom(7);
  for (let round = 0; round < 2000; round++)
    decodeIoFrame(Uint8Array.from(random.several(30, () => random.below(256))));
});
