import { expect, test } from "bun:test";
import { readChannelRequest } from "../../../src/wire/channel-request.ts";
import { SeededRandom } from "../../support/seeded-random.ts";

const read = (message: unknown): unknown => readChannelRequest(JSON.stringify(message));

test("readChannelRequest() knows the messages of gaffer 0.5", () => {
  expect(readChannelRequest("AUTH:abc")).toEqual({ kind: "auth", key: "abc" });
  expect(readChannelRequest(Buffer.from("AUTH: abc\n"))).toEqual({ kind: "auth", key: "abc" });
  expect(read({ event: "NOP" })).toEqual({ kind: "nop" });
  expect(read({ event: "SUB", data: { topic: "JOB:S.Web" } })).toEqual({ kind: "sub", topic: "JOB:S.Web" });
  expect(read({ event: "UNSUB", data: { topic: "EVENTS" } })).toEqual({ kind: "unsub", topic: "EVENTS" });
  const data = { identity: "1f", name: "scale", args: ["a", 1], kwargs: { x: 1 } };
  const command = { kind: "cmd", id: "1f", name: "scale", args: ["a", 1], kwargs: { x: 1 } };
  expect(read({ event: "CMD", data })).toEqual(command);
  const least = { kind: "cmd", id: 0, name: "jobs", args: [], kwargs: {} };
  expect(read({ event: "CMD", data: { identity: 0, name: "jobs" } })).toEqual(least);
  expect(read({ event: "CMD", data: { identity: 0, name: "jobs", args: null, kwargs: null } })).toEqual(least);
});

test("readChannelRequest() says what is wrong in gaffer 0.5's words, and whose command it is", () => {
  const cases: (readonly [unknown, string])[] = [
    [[], "event_missing"],
    [null, "event_missing"],
    [1, "event_missing"],
    [{}, "event_missing"],
    [{ event: 1 }, "event_missing"],
    [{ event: "SUB" }, "data_missing"],
    [{ event: "SUB", data: [] }, "data_missing"],
    [{ event: "SUB", data: {} }, "topic_missing"],
    [{ event: "UNSUB", data: { topic: 1 } }, "topic_missing"],
    [{ event: "CMD", data: {} }, "cmd_name_missing"],
    [{ event: "CMD", data: { name: "jobs" } }, "cmd_identity_missing"],
    [{ event: "CMD", data: { name: "jobs", identity: {} } }, "cmd_identity_missing"],
    [{ event: "sub", data: { topic: "EVENTS" } }, "unknown_cmd"],
  ];
  for (const [message, reason] of cases)
    expect([message, read(message)]).toEqual([message, { kind: "invalid", reason }]);
  expect(read({ event: "CMD", data: { identity: "a" } })).toEqual({
    kind: "invalid",
    reason: "cmd_name_missing",
    id: "a",
  });
  for (const wrong of [{ args: {} }, { args: "x" }, { kwargs: [] }, { kwargs: 1 }]) {
    const answer = read({ event: "CMD", data: { identity: "a", name: "jobs", ...wrong } });
    expect(answer).toEqual({ kind: "invalid", reason: "cmd_args_invalid", id: "a" });
  }
  for (const text of ["", "{", "nonsense", "[".repeat(100_000), "\0"]) {
    expect(readChannelRequest(text)).toEqual({ kind: "invalid", reason: "invalid_json" });
  }
  expect(readChannelRequest(Uint8Array.of(0xff))).toEqual({ kind: "invalid", reason: "invalid_json" });
});

test("readChannelRequest() throws nothing, whatever comes", () => {
  const random = new SeededRandom(Date.now() % 1_000_000);
  const parts = [
    '{"event":',
    '"CMD"',
    '"SUB"',
    ',"data":',
    "{",
    "}",
    "[",
    "]",
    '"topic"',
    ":",
    '"identity"',
    "1",
    "null",
  ];
  for (let round = 0; round < 5000; round++) {
    readChannelRequest(random.several(12, () => random.pick(parts)).join(""));
    readChannelRequest(Uint8Array.from(random.several(20, () => random.below(256))));
  }
});
