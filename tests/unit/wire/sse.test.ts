import { expect, test } from "bun:test";
import { encodeSse } from "../../../src/wire/sse.ts";

test("encodeSse() writes what is given, and ends with an empty line", () => {
  expect(encodeSse({ data: "x" })).toBe("data: x\n\n");
  expect(encodeSse({ id: "e-1", event: "spawn", data: "{}" })).toBe("id: e-1\nevent: spawn\ndata: {}\n\n");
});

test("encodeSse() gives each line its own field, whatever ends it", () => {
  expect(encodeSse({ data: "a\nb\r\nc\rd\n" })).toBe("data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n");
  expect(encodeSse({ data: "" })).toBe("data: \n\n");
  expect(encodeSse({ data: "x\n\nevent: forged\ndata: y" })).not.toMatch(/^event:/m);
});
