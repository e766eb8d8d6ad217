/** One end of a TCP connection. */
export interface SocketAddress {
  /** As text, `127.0.0.1` or `::1`. */
  readonly address: string;
  readonly port: number;
}

/** The four bytes of an IPv4 address, also of one mapped into IPv6. @returns undefined if it is none */
export function bytesOfV4(address: string): Uint8Array | undefined {
  const parts = address.replace(/^::ffff:/i, "").split(".");
  if (parts.length !== 4) return undefined;
  return Uint8Array.from(parts, Number);
}

const groups = (text: string): number[] => (text === "" ? [] : text.split(":").map((one) => Number.parseInt(one, 16)));

/** The sixteen bytes of an IPv6 address; an IPv4 one is mapped. @returns undefined if it is none */
export function bytesOfV6(address: string): Uint8Array | undefined {
  const v4 = bytesOfV4(address);
  if (v4 !== undefined) return Uint8Array.from([...Array.from({ length: 10 }, () => 0), 0xff, 0xff, ...v4]);
  const [head = "", tail] = address.split("::");
  const [before, after] = [groups(head), groups(tail ?? "")];
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => 0);
  const all = tail === undefined ? before : [...before, ...zeros, ...after];
  if (all.length !== 8 || all.some(Number.isNaN)) return undefined;
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}
