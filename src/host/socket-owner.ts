import { ptr } from "bun:ffi";
import { bytesOfV4, bytesOfV6, type SocketAddress } from "../base/ip-address.ts";
import { type Libc, libc } from "./libc.ts";

const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC_NONBLOCK = 0x80803;
const NETLINK_SOCK_DIAG = 4;
const SOCK_DIAG_BY_FAMILY = 20;
const NLM_F_REQUEST = 1;
const IPPROTO_TCP = 6;
const TCP_LISTEN = 10;

/** Sizes and offsets of `nlmsghdr`, `inet_diag_req_v2` and `inet_diag_msg`, in bytes. */
const HEADER = 16;
const REQUEST = 72;
const SOCKET_ID = 24;
const REPLY = 88;
const UID = 80;
const INODE = 84;

/** The question for the socket whose own end is `peer`, and whose other end is `own`. */
function question(peer: SocketAddress, own: SocketAddress): Uint8Array | undefined {
  const [v4, toV4] = [bytesOfV4(peer.address), bytesOfV4(own.address)];
  const isV4 = v4 !== undefined && toV4 !== undefined;
  const [from, to] = isV4 ? [v4, toV4] : [bytesOfV6(peer.address), bytesOfV6(own.address)];
  if (from === undefined || to === undefined) return undefined;
  const bytes = new Uint8Array(REQUEST);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, REQUEST, true);
  view.setUint16(4, SOCK_DIAG_BY_FAMILY, true);
  view.setUint16(6, NLM_F_REQUEST, true);
  bytes[HEADER] = isV4 ? AF_INET : AF_INET6;
  bytes[HEADER + 1] = IPPROTO_TCP;
  view.setUint32(HEADER + 4, 0xffff_ffff, true);
  view.setUint16(SOCKET_ID, peer.port);
  view.setUint16(SOCKET_ID + 2, own.port);
  bytes.set(from, SOCKET_ID + 4);
  bytes.set(to, SOCKET_ID + 20);
  // No cookie: we know only its ends.
  bytes.fill(0xff, SOCKET_ID + 40, SOCKET_ID + 48);
  return bytes;
}

/**
 * Asks the kernel whose the other end of a connection is: one question for one socket, however many the machine has.
 *
 * @see sock_diag(7)
 */
export class SocketOwner implements Disposable {
  readonly #c: Libc;
  readonly #fd: number;
  readonly #reply = new Uint8Array(256);

  private constructor(c: Libc, fd: number) {
    this.#c = c;
    this.#fd = fd;
  }

  /** @returns undefined where the kernel does not answer such questions. */
  static open(): SocketOwner | undefined {
    const c = libc();
    const fd = c?.socket(AF_NETLINK, SOCK_RAW_CLOEXEC_NONBLOCK, NETLINK_SOCK_DIAG) ?? -1;
    return c === undefined || fd < 0 ? undefined : new SocketOwner(c, fd);
  }

  /**
   * The user whose program holds the other end of a connection.
   *
   * @param peer - its end.
   * @param own - ours.
   * @returns undefined where no program of this machine holds it (any more).
   */
  ownerOf(peer: SocketAddress, own: SocketAddress): number | undefined {
    const request = question(peer, own);
    if (request === undefined) return undefined;
    if (this.#c.send(this.#fd, ptr(request), request.length, 0) !== request.length) return undefined;
    const length = this.#c.read(this.#fd, ptr(this.#reply), this.#reply.length);
    const view = new DataView(this.#reply.buffer);
    if (length < REPLY || view.getUint16(4, true) !== SOCK_DIAG_BY_FAMILY) return undefined;
    // Without such a connection the kernel answers with whoever listens on that port; a closed one has no inode, and counts as root's.
    const isIt = this.#reply[HEADER + 1] !== TCP_LISTEN && view.getUint16(HEADER + 6) === own.port;
    return isIt && view.getUint32(INODE, true) !== 0 ? view.getUint32(UID, true) : undefined;
  }

  [Symbol.dispose](): void {
    this.#c.close(this.#fd);
  }
}
