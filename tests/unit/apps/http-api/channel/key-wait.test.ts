import { expect, test } from "bun:test";
import { NOBODY } from "../../../../../src/base/caller.ts";
import { waitFor } from "../../../../support/wait-for.ts";
import { ChannelWorld, FakeCaller } from "./channel-world.ts";

test("a websocket that shows no key in time is closed, whatever it says else; one that does stays", async () => {
  await using world = new ChannelWorld();
  world.base.load({ redirectInput: true });
  world.keys.set("good", new FakeCaller("read *", "write *", "manage *"));
  world.keyMs = 1;
  const open = () => [world.channel(NOBODY), world.process({ caller: NOBODY }), world.stream({ caller: NOBODY })];
  const keyed = open();
  for (const socket of keyed) await socket.hear("AUTH:good");
  const silent = open();
  await waitFor(
    () => silent.every(({ closed }) => closed !== undefined),
    () => JSON.stringify(silent.map(({ closed }) => closed)),
  );
  for (const { closed } of silent) expect(closed).toEqual([1008, "a key is needed"]);
  for (const { closed } of keyed) expect(closed).toBeUndefined();
});
