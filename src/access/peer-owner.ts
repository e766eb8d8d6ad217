import { readFileSync } from "node:fs";
import { bytesOfV4, bytesOfV6, type SocketAddress } from "../base/ip-address.ts";

/** The address as /proc/net/tcp writes it: groups of four bytes in the order of the machine, which is little-endian here. */
function toProc({ address, port }: SocketAddress, v6: boolean): string | undefined {
  const bytes = v6 ? bytesOfV6(address) : bytesOfV4(address);
  if (bytes === undefined) return undefined;
  const words: string[] = [];
  for (let at = 0; at < bytes.length; at += 4) {
    words.push(Buffer.from(bytes.subarray(at, at + 4).toReversed()).toString("hex"));
  }
  return `${words.join("")}:${port.toString(16).padStart(4, "0")}`.toUpperCase();
}

/**
 * The user that a line of /proc/net/tcp gives for a socket; undefined where no such socket is held by a program: one that was closed
 * already is listed as root's.
 */
export function ownerIn(table: string, local: string, remote: string): number | undefined {
  // The table of a busy machine has thousands of lines, and this is asked at every request.
  const at = table.indexOf(` ${local} ${remote} `);
  if (at === -1) return undefined;
  const [, , , , , , uid, , inode] = table.slice(at + 1, table.indexOf("\n", at)).split(/\s+/);
  return inode === undefined || inode === "0" ? undefined : Number(uid);
}

const readTable = (name: string): string => {
  try {
    return readFileSync(`/proc/self/net/${name}`, "latin1");
  } catch {
    return "";
  }
};

/**
 * The user whose program holds the other end of a connection of this machine.
 *
 * @param peer - its end; `own` - ours.
 * @returns undefined where that can't be known: another machine, no Linux, or the program has closed it already.
 */
export function peerOwner(peer: SocketAddress, own: SocketAddress): number | undefined {
  for (const [name, v6] of [
    ["tcp", false],
    ["tcp6", true],
  ] as const) {
    const [from, to] = [toProc(peer, v6), toProc(own, v6)];
    const owner = from === undefined || to === undefined ? undefined : ownerIn(readTable(name), from, to);
    if (owner !== undefined) return owner;
  }
  return undefined;
}
