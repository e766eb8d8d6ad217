import { describe, expect, test } from "bun:test";
import { ownerIn, peerOwner } from "../../../src/access/peer-owner.ts";

const HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
const line = (ends: string, state: string, owner: string): string =>
  `   1: ${ends} ${state} 00000000:00000000 00:00000000 00000000 ${owner} 1 0000000000000000 100 0 0 10 0\n`;
const [peer, own] = ["0100007F:A1B2", "0100007F:1388"];

describe("ownerIn()", () => {
  test("finds the user by both ends, in this order", () => {
    const table = [
      HEAD,
      line("0100007F:1388 00000000:0000", "0A", "    0        0 111"),
      line(`${own} ${peer}`, "01", "    0        0 222"),
      line(`${peer} ${own}`, "01", " 1000        0 333"),
    ].join("");
    expect(ownerIn(table, peer, own)).toBe(1000);
    expect(ownerIn(table, own, peer)).toBe(0);
    expect(ownerIn(table, "0100007F:A1B3", own)).toBeUndefined();
    expect(ownerIn("", peer, own)).toBeUndefined();
  });

  test("what no program holds is nobody's, though it is listed as root's", () => {
    for (const state of ["01", "05", "06", "08"]) {
      expect(ownerIn(HEAD + line(`${peer} ${own}`, state, "    0        0 0"), peer, own)).toBeUndefined();
    }
    // TIME_WAIT has fewer columns after its inode.
    const timeWait = `   3: ${peer} ${own} 06 00000000:00000000 03:00000B0F 00000000     0        0 0 3 00000000dfd3f6fb\n`;
    expect(ownerIn(HEAD + timeWait, peer, own)).toBeUndefined();
    expect(ownerIn(`${HEAD}   1: ${peer} ${own} 01`, peer, own)).toBeUndefined();
  });

  test("a half closed socket is still its program's", () => {
    expect(ownerIn(HEAD + line(`${peer} ${own}`, "05", " 1000        0 44"), peer, own)).toBe(1000);
  });
});

test("peerOwner() finds our own user for v4, v6 and v4 by a v6 socket, and nobody for what is not there", async () => {
  for (const [listenOn, connectTo] of [
    ["127.0.0.1", "127.0.0.1"],
    ["::1", "::1"],
    ["127.0.0.1", "::ffff:127.0.0.1"],
  ] as const) {
    using server = Bun.listen({ hostname: listenOn, port: 0, socket: { data: () => undefined } });
    const socket = await Bun.connect({ hostname: connectTo, port: server.port, socket: { data: () => undefined } });
    const at = { address: listenOn, port: socket.localPort };
    expect([connectTo, peerOwner(at, { address: listenOn, port: server.port })]).toEqual([
      connectTo,
      process.getuid?.(),
    ]);
    expect(peerOwner(at, { address: listenOn, port: server.port ^ 1 })).toBeUndefined();
    socket.terminate();
  }
  for (const address of ["nonsense", "", "1.2.3", "::1::2", ":::", "1:2:3:4:5:6:7:8:9"]) {
    expect(peerOwner({ address, port: 1 }, { address, port: 2 })).toBeUndefined();
  }
});
