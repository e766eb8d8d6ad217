import { describe, expect, test } from "bun:test";
import { encodeSse, type ReceivedEvent, SseParser } from "../../../src/wire/sse.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

function parse(pieces: readonly string[]): ReceivedEvent[] {
  const events: ReceivedEvent[] = [];
  const parser = new SseParser((event) => events.push(event));
  for (const piece of pieces) parser.push(piece);
  return events;
}

const message = (data: string, id = ""): ReceivedEvent => ({ id, event: "message", data });

describe("SseParser", () => {
  test.each<[string, ReceivedEvent[]]>([
    ["data: a\n\n", [message("a")]],
    ["data:a\n\n", [message("a")]],
    ["data:  a \n\n", [message(" a ")]],
    ["data: a\r\n\r\n", [message("a")]],
    ["data: a\r\rdata: b\n\n", [message("a"), message("b")]],
    ["data: a\ndata: b\r\ndata: c\r\n\n", [message("a\nb\nc")]],
    ["data\n\n", [message("")]],
    ["data\ndata\n\n", [message("\n")]],
    ["data: a:b\n\n", [message("a:b")]],
    [": comment\n\n:\n\ndata: a\n: more\n\n", [message("a")]],
    ["event: exit\ndata: a\n\ndata: b\n\n", [{ id: "", event: "exit", data: "a" }, message("b")]],
    ["event: exit\n\ndata: b\n\n", [message("b")]],
    ["event:\ndata: b\n\n", [message("b")]],
    ["id: 7\ndata: a\n\ndata: b\n\n", [message("a", "7"), message("b", "7")]],
    ["id: 7\n\ndata: b\n\n", [message("b", "7")]],
    ["id: 7\ndata: a\n\nid\ndata: b\n\n", [message("a", "7"), message("b", "")]],
    ["id: 7\ndata: a\n\nid: 8\0\ndata: b\n\n", [message("a", "7"), message("b", "7")]],
    ["retry: 10\nfoo: bar\nDATA: x\ndata: a\n\n", [message("a")]],
    ["data: unfinished\n", []],
    ["data: é🦊\n\n", [message("é🦊")]],
  ])("reads %j", (text, events) => {
    expect(parse([text])).toEqual(events);
  });

  test("however the text is cut, the events are the same", () => {
    const random = new SeededRandom(20);
    const words = [
      "data: a",
      "data:",
      "id: 1",
      "id: 22",
      "event: exit",
      ": x",
      "nothing",
      "",
      "",
      "data: é🦊",
      "retry: 1",
    ];
    const ends = ["\n", "\r", "\r\n"];
    for (let round = 0; round < 300; round++) {
      const lines = Array.from({ length: 12 }, () => random.pick(words) + random.pick(ends));
      const text = `${lines.join("")}data: last\n\n\n`;
      const whole = parse([text]);
      expect([text, parse(text.split(""))]).toEqual([text, whole]);
      const [one, other] = [random.below(text.length), random.below(text.length)].toSorted((a, b) => a - b);
      expect([text, parse([text.slice(0, one), text.slice(one, other), text.slice(other)])]).toEqual([text, whole]);
    }
  });

  test("reads what encodeSse() wrote", () => {
    const events = [
      { id: "a-1", event: "exit", data: "one\ntwo\r\nthree\rfour" },
      { id: "a-2", event: "log", data: "" },
      { id: "a-3", event: "log", data: " leading\n\nempty lines\n" },
    ];
    expect(parse([events.map(encodeSse).join("")])).toEqual(
      events.map((event) => ({ ...event, data: event.data.replaceAll(/\r\n|\r/g, "\n") })),
    );
  });

  test("an event that was cut off was not heard: its id does not count, and nothing of it is left", () => {
    const events: ReceivedEvent[] = [];
    const parser = new SseParser((event) => events.push(event));
    parser.push("id: 1\ndata: a\n\nid: 2\nevent: exit\ndata: b\nda");
    expect(parser.lastId).toBe("1");
    parser.reset();
    parser.push("data: c\n\n");
    expect([events, parser.lastId]).toEqual([[message("a", "1"), message("c", "1")], "1"]);
  });
});
