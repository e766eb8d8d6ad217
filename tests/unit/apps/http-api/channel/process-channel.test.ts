import { expect, test } from "bun:test";
import { NOBODY } from "../../../../../src/base/caller.ts";
import { decodeIoFrame, encodeIoFrame, textOf } from "../../../../../src/wire/io-frame.ts";
import { ChannelWorld, FakeCaller } from "./channel-world.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const write = (body: string, id = "w1"): string => `V1 message ${id}\0${body}`;
const ok = (id = "w1"): string => `V1 response ${id}\0OK`;

/** Frames as type, id and body; the id of what was not asked for is left out, the body of an error is JSON. */
function frames(sent: readonly unknown[]): unknown[] {
  return sent.map((one) => {
    const frame = typeof one === "string" || one instanceof Uint8Array ? decodeIoFrame(one) : undefined;
    if (frame === undefined) return one;
    const body = textOf(frame.body) ?? [...frame.body];
    const kind = typeof one === "string" ? "text" : "binary";
    if (frame.type === "message") return [kind, "message", body];
    return frame.type === "error" || frame.type === "gap"
      ? [frame.type, JSON.parse(String(body))]
      : [frame.type, frame.id, body];
  });
}

const fault = (error: string, errno: number): unknown => ["error", expect.objectContaining({ error, errno })];

test("a write is answered OK under its id, and what the process says comes as messages", async () => {
  await using world = new ChannelWorld();
  world.base.load({ redirectOutput: ["out", "err"], redirectInput: true });
  const socket = world.process();
  const [out, err] = [world.out("out"), world.out("err")];
  await socket.hear(write("ECHO\n"));
  expect(socket.sent.splice(0)).toEqual([ok()]);
  expect(world.base.at(1).written).toEqual([{ text: "ECHO\n", stream: undefined }]);
  err.write(bytes("not asked for"));
  out.write(bytes("ECHO\n"));
  await socket.settle();
  expect(socket.sent[0]).toMatch(/^V1 message [0-9a-f]{32}\0ECHO\n$/);
  expect(frames(socket.sent.splice(0))).toEqual([["text", "message", "ECHO\n"]]);
});

test("bodies hold NUL and any byte; they come as text where they are, in the kind of frames the client uses", async () => {
  await using world = new ChannelWorld();
  world.base.load({ redirectOutput: ["out"], redirectInput: true });
  const out = world.out("out");
  const socket = world.process();
  out.write(Uint8Array.of(0x61, 0, 0xc3));
  out.write(Uint8Array.of(0xa9, 0xff, 0));
  await socket.settle();
  out.write(Uint8Array.of(0xc3));
  await socket.settle();
  out.write(Uint8Array.of(0xa9));
  await socket.settle();
  expect(frames(socket.sent.splice(0))).toEqual([
    ["binary", "message", [0x61, 0, 0xc3, 0xa9, 0xff, 0]],
    ["text", "message", "é"],
  ]);
  await socket.hear(encodeIoFrame({ type: "message", id: "b", body: Uint8Array.of(1, 0, 2) }));
  out.write(bytes("text"));
  out.write(Uint8Array.of(0xc3));
  await socket.settle();
  expect(socket.sent[0]).toBeInstanceOf(Uint8Array);
  expect(frames(socket.sent.splice(0))).toEqual([
    ["response", "b", "OK"],
    ["binary", "message", [...bytes("text"), 0xc3]],
  ]);
  const binary = world.process({ binary: true });
  const text = world.process({ binary: false });
  out.write(Uint8Array.of(0x61, 0xff));
  await text.settle();
  expect(frames(binary.sent.splice(0))).toEqual([["binary", "message", [0x61, 0xff]]]);
  expect(frames(text.sent.splice(0))).toEqual([["text", "message", "a\ufffd"]]);
});

test("a label writes to stdin, a custom stream to itself; mode says what is possible", async () => {
  await using world = new ChannelWorld();
  world.base.load({ redirectOutput: ["out", "err"], redirectInput: true, customStreams: ["ctl"] });
  const [err, ctl] = [world.out("err"), world.out("ctl")];
  const label = world.process({ stream: "err" });
  const custom = world.process({ stream: "ctl" });
  const reader = world.process({ stream: "err", isWriting: false });
  const writer = world.process({ stream: "err", isReading: false });
  for (const socket of [label, custom, reader, writer]) await socket.hear(write("x"));
  err.write(bytes("e"));
  ctl.write(bytes("c"));
  await writer.settle();
  expect(world.base.at(1).written.map(({ stream }) => stream)).toEqual([undefined, "ctl", undefined]);
  expect(frames(label.sent)).toEqual([
    ["response", "w1", "OK"],
    ["text", "message", "e"],
  ]);
  expect(frames(custom.sent)).toEqual([
    ["response", "w1", "OK"],
    ["text", "message", "c"],
  ]);
  expect(frames(reader.sent)).toEqual([fault("EPERM", 403), ["text", "message", "e"]]);
  expect(frames(writer.sent)).toEqual([["response", "w1", "OK"]]);
  expect(reader.sent[0]).toStartWith("V1 error w1\0");
});

test("what can't be done is said with gaffer 0.5's words, then the socket is closed", async () => {
  await using world = new ChannelWorld();
  world.base.load();
  const cases = [
    [{ pid: 99 }, "ENOENT", 404],
    [{ stream: "nope" }, "ENOENT", 404],
    [{ isWriting: false, stream: "stdin" }, "ENOENT", 404],
    [{}, "EPERM", 403],
    [{ caller: new FakeCaller() }, "FORBIDDEN", 403],
    [{ caller: new FakeCaller("read default.dummy") }, "FORBIDDEN", 403],
    [{ caller: new FakeCaller("write default.dummy"), isWriting: false }, "FORBIDDEN", 403],
  ] as const;
  world.base.load({ name: "silent", redirectOutput: [] });
  for (const [options, error, errno] of [...cases, [{ pid: 2, isWriting: false }, "EPERM", 403] as const]) {
    const socket = world.process(options);
    await socket.settle();
    expect([options, frames(socket.sent)]).toEqual([options, [fault(error, errno)]]);
    expect(socket.sent[0]).toStartWith("V1 error gaffer_error\0");
    expect(socket.closed).toEqual([1008, "refused"]);
  }
});

test("a write that fails is answered once, with its id, and the socket lives; what is no frame is told", async () => {
  await using world = new ChannelWorld();
  world.base.load({ redirectOutput: ["out"], redirectInput: true });
  const caller = new FakeCaller("read default.dummy", "write default.dummy");
  const socket = world.process({ caller });
  for (const bad of ["nonsense", "", "V1 response x\0y", Uint8Array.of(0, 1)]) await socket.hear(bad);
  expect(frames(socket.sent.splice(0))).toEqual(Array.from({ length: 4 }, () => fault("EBADMSG", 400)));
  caller.rights.delete("write default.dummy");
  await socket.hear(write("x"));
  expect(frames(socket.sent.splice(0))).toEqual([fault("FORBIDDEN", 403)]);
  expect([world.base.at(1).written, socket.closed]).toEqual([[], undefined]);
  caller.rights.delete("read default.dummy");
  world.out("out").write(bytes("secret"));
  await socket.settle();
  expect(frames(socket.sent)).toEqual([fault("FORBIDDEN", 403)]);
  expect(socket.closed).toEqual([1008, "refused"]);
});

test("AUTH: bare as gaffer 0.5's client sends it, or in a frame; before it nothing is read, written or told", async () => {
  await using world = new ChannelWorld();
  world.base.load({ redirectOutput: ["out"], redirectInput: true });
  const out = world.out("out");
  world.keys.set("secret", new FakeCaller("write default.dummy", "read default.dummy"));
  for (const wrong of [write("x"), "AUTH:wrong", write("AUTH:wrong"), "nonsense"]) {
    const socket = world.process({ caller: NOBODY });
    out.write(bytes("secret"));
    await socket.hear(wrong);
    expect([wrong, frames(socket.sent)]).toEqual([wrong, [fault("AUTH_REQUIRED", 403)]]);
    expect(socket.closed).toEqual([1008, "a key is needed"]);
  }
  expect(world.base.at(1).written).toEqual([]);
  const bare = world.process({ caller: NOBODY });
  const framed = world.process({ caller: NOBODY });
  await bare.hear("AUTH:secret");
  await framed.hear(write("AUTH:secret", "a"));
  expect([bare.sent.splice(0), framed.sent.splice(0)]).toEqual([[], [ok("a")]]);
  await bare.hear(write("in"));
  out.write(bytes("out"));
  await bare.settle();
  expect(frames(bare.sent)).toEqual([
    ["response", "w1", "OK"],
    ["text", "message", "out"],
  ]);
  expect(world.base.at(1).written).toEqual([{ text: "in", stream: undefined }]);
});

test("the end of the process closes with 1000 and the reason, after everything it said", async () => {
  await using world = new ChannelWorld();
  world.base.load({ redirectOutput: ["out"], redirectInput: true, restart: "never" });
  const out = world.out("out");
  const reader = world.process();
  const slow = world.process();
  const writer = world.process({ isReading: false });
  slow.room = 0;
  out.write(bytes("last words"));
  out.write(Uint8Array.of(0xc3));
  out.end();
  world.base.at(1).end(3);
  expect(frames(reader.sent)).toEqual([
    ["text", "message", "last words"],
    ["binary", "message", [0xc3]],
  ]);
  expect([reader.closed, writer.closed]).toEqual([
    [1000, "exited with code 3"],
    [1000, "exited with code 3"],
  ]);
  expect(slow.closed).toBeUndefined();
  await slow.drain();
  expect(frames(slow.sent)).toEqual(frames(reader.sent));
  expect(slow.closed).toEqual([1000, "exited with code 3"]);
});

test("a slow reader is told how much he missed, in a frame that clients of gaffer 0.5 skip", async () => {
  await using world = new ChannelWorld();
  world.base.load({ redirectOutput: ["out"] });
  const out = world.out("out");
  const socket = world.process({ isWriting: false });
  socket.room = 0;
  for (let round = 0; round < 1000; round++) out.write(Buffer.alloc(1000, 0x78));
  await socket.drain();
  const told = socket.sent.map((one) => decodeIoFrame(one));
  expect(told.map((frame) => frame?.type)).toEqual(["message", "message", "gap"]);
  const got = (told[0]?.body.length ?? 0) + (told[1]?.body.length ?? 0);
  expect(JSON.parse(textOf(told[2]?.body ?? bytes("")) ?? "")).toMatchObject({ error: "GAP", missed: 1_000_000 - got });
  expect(got).toBeLessThanOrEqual(262_144 + 65_536);
});

test("a key that is taken back closes the socket", async () => {
  await using world = new ChannelWorld();
  world.base.load({ redirectOutput: ["out"] });
  const caller = new FakeCaller("read *");
  const socket = world.process({ caller, isWriting: false });
  caller.revoke();
  expect([socket.closed, caller.listeners]).toEqual([[1008, "the key was taken back"], 0]);
});
