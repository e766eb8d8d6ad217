import { expect, test } from "bun:test";
import { SocketOwner } from "../../../src/host/socket-owner.ts";

async function connected(listenOn: string, connectTo: string) {
  const { promise, resolve } = Promise.withResolvers<Bun.Socket>();
  const server = Bun.listen({
    hostname: listenOn,
    port: 0,
    socket: { open: resolve, data: () => undefined },
  });
  const client = await Bun.connect({ hostname: connectTo, port: server.port, socket: { data: () => undefined } });
  const accepted = await promise;
  return {
    client,
    peer: { address: accepted.remoteAddress, port: client.localPort },
    own: { address: connectTo, port: server.port },
    [Symbol.dispose]: () => {
      client.end();
      accepted.end();
      server.stop(true);
    },
  };
}

for (const [listenOn, connectTo] of [
  ["127.0.0.1", "127.0.0.1"],
  ["::1", "::1"],
  ["::", "127.0.0.1"],
] as const) {
  test(`SocketOwner tells whose a connection from ${connectTo} to ${listenOn} is`, async () => {
    using owner = SocketOwner.open();
    using pair = await connected(listenOn, connectTo);
    expect(owner?.ownerOf(pair.peer, pair.own)).toBe(process.getuid?.() ?? -1);
    expect(owner?.ownerOf(pair.peer, { ...pair.own, port: pair.own.port ^ 1 })).toBeUndefined();
  });
}

test("SocketOwner asked about one connection after the other mixes up none", async () => {
  using owner = SocketOwner.open();
  using v4 = await connected("127.0.0.1", "127.0.0.1");
  using v6 = await connected("::1", "::1");
  using mapped = await connected("::", "127.0.0.1");
  const pairs = [v4, v6, mapped];
  const uid = process.getuid?.() ?? -1;
  for (const { peer, own } of [...pairs, ...pairs.toReversed(), v4, mapped, v6]) {
    expect(owner?.ownerOf(peer, own)).toBe(uid);
    expect(owner?.ownerOf({ ...peer, port: peer.port ^ 1 }, own)).toBeUndefined();
    for (const other of pairs.filter((one) => one.peer !== peer)) {
      expect(owner?.ownerOf(peer, other.own)).toBeUndefined();
    }
  }
});

test("SocketOwner knows nobody for a port that is only listened on, an end that is closed, or no address", async () => {
  using owner = SocketOwner.open();
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  const [listening, other] = [
    { address: "127.0.0.1", port: server.port },
    { address: "127.0.0.1", port: 9 },
  ];
  expect(owner?.ownerOf(listening, other)).toBeUndefined();
  server.stop(true);
  using pair = await connected("127.0.0.1", "127.0.0.1");
  pair.client.terminate();
  expect(owner?.ownerOf(pair.peer, pair.own)).toBeUndefined();
  expect(owner?.ownerOf({ address: "nowhere", port: 1 }, other)).toBeUndefined();
});
