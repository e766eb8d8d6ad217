import { expect, test } from "bun:test";
import type { ByteSink } from "../../src/output/byte-sink.ts";
import type { FakeSocket } from "../support/fake-socket.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { ChannelWorld, cmd, FakeCaller, sub, unsub } from "../unit/apps/http-api/channel/channel-world.ts";

const topics = [
  "EVENTS",
  "EVENTS:job",
  "JOB:dummy",
  "PROCESS:1",
  "STATS:1",
  "STATS:dummy",
  "STREAM:1",
  "STREAM:1.err",
  "X",
];
const commands = [
  cmd("stop_job", ["dummy"]),
  cmd("start_job", ["dummy"]),
  cmd("scale", ["dummy", "=2"]),
  cmd("stats", ["dummy"]),
  cmd("load", [{ name: "dummy", cmd: "x", redirect_output: ["out", "err"] }]),
  cmd("unload", ["dummy"]),
  cmd("kill", [1, "HUP"]),
  cmd("fly"),
];

interface Client {
  readonly socket: FakeSocket;
  /** How many commands it sent, and how many answers it got. */
  asked: number;
  answered: number;
}

function count(client: Client): void {
  for (const one of client.socket.take()) {
    if (/"gaffer:command_(success|error)"/.test(JSON.stringify(one))) client.answered++;
  }
}

interface Step {
  readonly world: ChannelWorld;
  readonly random: SeededRandom;
  readonly client: Client;
  readonly out: ByteSink;
}

type Action = (step: Step) => void | Promise<void>;

const talk: Action = ({ random, client }) => client.socket.hear(random.pick([sub, unsub])(random.pick(topics)));

async function ask({ random, client }: Step): Promise<void> {
  if (client.socket.closed !== undefined) return;
  client.asked++;
  await client.socket.hear(random.pick(commands));
}

const actions: readonly Action[] = [
  ({ random, client }) => void (client.socket.room = random.below(3)),
  ({ client }) => client.socket.drain(),
  ({ random, client }) => (random.below(6) === 0 ? client.socket.close(1001, "gone") : undefined),
  ({ random, out }) => out.write(Buffer.alloc(random.below(200_000), 0xc3)),
  ({ world }) => world.look(),
  ask,
  talk,
  talk,
  talk,
];

test("whatever clients do in whatever order, each command is answered once, and nobody listens when they have gone", async () => {
  const seed = Number(process.env["GAFFER_FUZZ_SEED"] ?? Date.now() % 1_000_000_000);
  const random = new SeededRandom(seed);
  for (let round = 0; round < 40; round++) {
    await using world = new ChannelWorld();
    const caller = new FakeCaller("manage *", "read *", "write *");
    world.base.load({ redirectOutput: ["out", "err"] });
    const out = world.out("out");
    const clients = Array.from({ length: 4 }, (): Client => ({ socket: world.channel(caller), asked: 0, answered: 0 }));
    for (let step = 0; step < 60; step++) {
      const client = random.pick(clients);
      await actions[random.below(actions.length)]?.({ world, random, client, out });
      world.base.host.obey();
    }
    for (const client of clients) {
      if (client.socket.closed !== undefined) continue;
      await client.socket.drain();
      count(client);
      expect([seed, round, client.answered]).toEqual([seed, round, client.asked]);
    }
    expect([seed, caller.listeners]).toEqual([
      seed,
      clients.filter(({ socket }) => socket.closed === undefined).length,
    ]);
    for (const { socket } of clients) socket.close(1000, "over");
    expect([seed, caller.listeners, world.monitor.count]).toEqual([seed, 0, 0]);
  }
});
