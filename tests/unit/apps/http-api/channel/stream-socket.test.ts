import { expect, test } from "bun:test";
import { NOBODY } from "../../../../../src/base/caller.ts";
import { ChannelWorld, FakeCaller } from "./channel-world.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("text goes to stdin, and what the first output says comes back, bytes as bytes", async () => {
  await using world = new ChannelWorld();
  world.base.load({ redirectOutput: ["out", "err"], redirectInput: true });
  const [out, err] = [world.out("out"), world.out("err")];
  const socket = world.stream();
  await socket.hear("ECHO\n");
  await socket.hear("");
  expect(world.base.at(1).written.map(({ text }) => text)).toEqual(["ECHO\n", ""]);
  err.write(bytes("no"));
  out.write(bytes("ECHO\n"));
  await socket.settle();
  out.write(Uint8Array.of(0xff));
  await socket.settle();
  expect(socket.sent).toEqual(["ECHO\n", Uint8Array.of(0xff)]);
});

test("errors are JSON, then it is closed; what was refused has no effect", async () => {
  await using world = new ChannelWorld();
  world.base.load({ redirectOutput: ["out"] });
  const cases = [
    [{ id: "x" }, "bad_value", 400],
    [{ id: "-1" }, "bad_value", 400],
    [{ id: "99" }, "not_found", 404],
    [{ caller: new FakeCaller("read default.other") }, "forbidden", 403],
  ] as const;
  for (const [options, error, errno] of cases) {
    const socket = world.stream(options);
    await socket.settle();
    expect([options, socket.take()]).toEqual([options, [{ error, errno, message: expect.any(String) }]]);
    expect(socket.closed).toEqual([1008, "refused"]);
  }
  for (const caller of [undefined, new FakeCaller("read default.dummy")]) {
    const socket = world.stream(caller === undefined ? {} : { caller });
    await socket.hear("x");
    expect(socket.take()).toMatchObject([{ error: "forbidden_write", errno: 403 }]);
    expect(socket.closed).toEqual([1008, "refused"]);
  }
  expect(world.base.at(1).written).toEqual([]);
});

test("AUTH first where a key is needed", async () => {
  await using world = new ChannelWorld();
  world.base.load({ redirectOutput: ["out"], redirectInput: true });
  const out = world.out("out");
  world.keys.set("secret", new FakeCaller("read default.dummy", "write default.dummy"));
  for (const wrong of ["x", "AUTH:wrong", bytes("AUTH:secret")]) {
    const socket = world.stream({ caller: NOBODY });
    out.write(bytes("secret"));
    await socket.hear(wrong);
    expect([wrong, socket.take()]).toMatchObject([wrong, [{ error: "AUTH_REQUIRED", errno: 403 }]]);
    expect(socket.closed).toEqual([1008, "a key is needed"]);
  }
  const socket = world.stream({ caller: NOBODY });
  await socket.hear("AUTH:secret");
  await socket.hear("in");
  out.write(bytes("out"));
  await socket.settle();
  expect([socket.sent, world.base.at(1).written.map(({ text }) => text)]).toEqual([["out"], ["in"]]);
});

test("the end of the process closes it after everything it said; a gap is told in between", async () => {
  await using world = new ChannelWorld();
  world.base.load({ redirectOutput: ["out"], restart: "never" });
  const out = world.out("out");
  const socket = world.stream();
  socket.room = 0;
  for (let round = 0; round < 400; round++) out.write(Buffer.alloc(1024, 0x78));
  world.base.at(1).end(0);
  expect(socket.closed).toBeUndefined();
  await socket.drain();
  expect(socket.sent).toHaveLength(3);
  expect(socket.sent[0]?.length).toBe(65_536);
  expect(socket.sent[1]?.length).toBe(262_144);
  expect(socket.sent[2]).toMatch(/^\n--- gaffer: 81920 bytes were lost here/);
  expect(socket.closed).toEqual([1000, "exited with code 0"]);
});
