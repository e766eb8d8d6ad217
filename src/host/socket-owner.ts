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

/** The addresses of both ends in the bytes of one family. */
interface Ends {
  readonly family: number;
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

function endsOf(peer: string, own: string): Ends | undefined {
  const [v4, toV4] = [bytesOfV4(peer), bytesOfV4(own)];
  if (v4 !== undefined && toV4 !== undefined) return { family: AF_INET, from: v4, to: toV4 };
  const [from, to] = [bytesOfV6(peer), bytesOfV6(own)];
  return from === undefined || to === undefined ? undefined : { family: AF_INET6, from, to };
}

/**
 * The question for the socket whose own end is one address, and whose other end is another. It is asked at every request: the bytes are
 * made once, and of the addresses, which are nearly always the same two, only when they are others than before.
 */
class Question {
  readonly bytes = new Uint8Array(REQUEST);
  readonly #view = new DataView(this.bytes.buffer);
  #peer: string | undefined;
  #own: string | undefined;

  constructor() {
    this.#view.setUint32(0, REQUEST, true);
    this.#view.setUint16(4, SOCK_DIAG_BY_FAMILY, true);
    this.#view.setUint16(6, NLM_F_REQUEST, true);
    this.bytes[HEADER + 1] = IPPROTO_TCP;
    this.#view.setUint32(HEADER + 4, 0xffff_ffff, true);
    // No cookie: we know only its ends.
    this.bytes.fill(0xff, SOCKET_ID + 40, SOCKET_ID + 48);
  }

  /** @returns whether these are addresses. */
  fill(peer: SocketAddress, own: SocketAddress): boolean {
    if ((peer.address !== this.#peer || own.address !== this.#own) && !this.#fillAddresses(peer.address, own.address)) {
      return false;
    }
    this.#view.setUint16(SOCKET_ID, peer.port);
    this.#view.setUint16(SOCKET_ID + 2, own.port);
    return true;
  }

  #fillAddresses(peer: string, own: string): boolean {
    const ends = endsOf(peer, own);
    if (ends === undefined) return false;
    this.bytes[HEADER] = ends.family;
    this.bytes.fill(0, SOCKET_ID + 4, SOCKET_ID + 36);
    this.bytes.set(ends.from, SOCKET_ID + 4);
    this.bytes.set(ends.to, SOCKET_ID + 20);
    [this.#peer, this.#own] = [peer, own];
    return true;
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
  readonly #reply = new Uint8Array(256);
  readonly #view = new DataView(this.#reply.buffer);

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
    if (!this.#question.fill(peer, own)) return undefined;
    if (this.#c.send(this.#fd, ptr(this.#question.bytes), REQUEST, 0) !== REQUEST) return undefined;
    const length = this.#c.read(this.#fd, ptr(this.#reply), this.#reply.length);
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
