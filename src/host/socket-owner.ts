import { type Pointer, ptr } from "bun:ffi";
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

/** Most addresses whose bytes are remembered: connections of this machine come from a few. */
const REMEMBERED = 256;

/** Makes questions, one after the other, in the same bytes. */
class Question {
  // The view first: with it the bytes get a place of their own, where they stay.
  readonly #view = new DataView(new ArrayBuffer(REQUEST));
  readonly bytes: Uint8Array = new Uint8Array(this.#view.buffer);
  readonly pointer: Pointer = ptr(this.#view.buffer);
  readonly #known = new Map<string, Uint8Array | undefined>();

  constructor() {
    this.#view.setUint32(0, REQUEST, true);
    this.#view.setUint16(4, SOCK_DIAG_BY_FAMILY, true);
    this.#view.setUint16(6, NLM_F_REQUEST, true);
    this.bytes[HEADER + 1] = IPPROTO_TCP;
    this.#view.setUint32(HEADER + 4, 0xffff_ffff, true);
    // No cookie: we know only the ends of a socket.
    this.bytes.fill(0xff, SOCKET_ID + 40, SOCKET_ID + 48);
  }

  /** Asks for the socket whose own end is `peer`, and whose other end is `own`. @returns whether they are addresses */
  about(peer: SocketAddress, own: SocketAddress): boolean {
    const [v4, toV4] = [this.#bytes(peer.address, 4), this.#bytes(own.address, 4)];
    const isV4 = v4 !== undefined && toV4 !== undefined;
    const [from, to] = isV4 ? [v4, toV4] : [this.#bytes(peer.address, 6), this.#bytes(own.address, 6)];
    if (from === undefined || to === undefined) return false;
    this.bytes[HEADER] = isV4 ? AF_INET : AF_INET6;
    this.#view.setUint16(SOCKET_ID, peer.port);
    this.#view.setUint16(SOCKET_ID + 2, own.port);
    this.bytes.fill(0, SOCKET_ID + 4, SOCKET_ID + 36);
    this.bytes.set(from, SOCKET_ID + 4);
    this.bytes.set(to, SOCKET_ID + 20);
    return true;
  }

  #bytes(address: string, version: 4 | 6): Uint8Array | undefined {
    const name = `${version} ${address}`;
    if (this.#known.has(name)) return this.#known.get(name);
    if (this.#known.size >= REMEMBERED) this.#known.clear();
    const bytes = version === 4 ? bytesOfV4(address) : bytesOfV6(address);
    this.#known.set(name, bytes);
    return bytes;
  }
}

/**
 * Asks the kernel whose the other end of a connection is: one question for one socket, however many the machine has.
 *
 * @see sock_diag(7)
 */
export class SocketOwner implements Disposable {
  readonly #c: Libc;
  readonly #fd: number;
  readonly #question = new Question();
  readonly #view = new DataView(new ArrayBuffer(256));
  readonly #reply: Uint8Array = new Uint8Array(this.#view.buffer);
  readonly #replyPointer = ptr(this.#view.buffer);

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
    if (!this.#question.about(peer, own)) return undefined;
    if (this.#c.send(this.#fd, this.#question.pointer, REQUEST, 0) !== REQUEST) return undefined;
    const length = this.#c.read(this.#fd, this.#replyPointer, this.#reply.length);
    const view = this.#view;
    if (length < REPLY || view.getUint16(4, true) !== SOCK_DIAG_BY_FAMILY) return undefined;
    // Without such a connection the kernel answers with whoever listens on that port; a closed one has no inode, and counts as root's.
    const isIt = this.#reply[HEADER + 1] !== TCP_LISTEN && view.getUint16(HEADER + 6) === own.port;
    return isIt && view.getUint32(INODE, true) !== 0 ? view.getUint32(UID, true) : undefined;
  }

  [Symbol.dispose](): void {
    this.#c.close(this.#fd);
  }
}
