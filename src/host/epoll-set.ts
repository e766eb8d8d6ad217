import { ptr } from "bun:ffi";
import { GafferError } from "../base/gaffer-error.ts";
import { errno, type Libc } from "./libc.ts";

/** What to wait for: {@link EPOLLIN} or {@link EPOLLOUT}. @see epoll_ctl(2) */
export const EPOLLIN = 0x001;
/** Room to write. */
export const EPOLLOUT = 0x004;

const EPOLL_CLOEXEC = 0x80000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;

/** `struct epoll_event` is packed on x86-64 only: u32 events, then u64 data at once. */
const packed = process.arch === "x64";
const EVENT_BYTES = packed ? 12 : 16;
const DATA_OFFSET = packed ? 4 : 8;

/** Events taken in one call; more descriptors than that take more calls, and the kernel goes round them fairly. */
const EVENTS = 64;

/** One epoll instance. Tokens, not descriptor numbers, come back: a number that was closed and reused is never confused. */
export class EpollSet {
  readonly #c: Libc;
  readonly #fd: number;
  readonly #events = new DataView(new ArrayBuffer(EVENT_BYTES * EVENTS));
  readonly #eventsAt = ptr(this.#events);
  readonly #event = new DataView(new ArrayBuffer(EVENT_BYTES));
  readonly #eventAt = ptr(this.#event);

  /** @throws {@link GafferError} `resource_exhausted` when the machine gives no further descriptor. */
  constructor(c: Libc) {
    this.#c = c;
    this.#fd = c.epoll_create1(EPOLL_CLOEXEC);
    if (this.#fd < 0) {
      throw new GafferError(
        "resource_exhausted",
        `Cannot wait for descriptors: epoll_create1 failed (errno ${errno(c)})`,
      );
    }
  }

  /**
   * Waits for `events` on `fd`, level-triggered.
   *
   * @param token - 1…2³²−1, what {@link poll} reports.
   * @returns false when the descriptor can't be waited for (a regular file), or was closed.
   */
  add(fd: number, events: number, token: number): boolean {
    this.#event.setUint32(0, events, true);
    this.#event.setUint32(DATA_OFFSET, token, true);
    return this.#c.epoll_ctl(this.#fd, EPOLL_CTL_ADD, fd, this.#eventAt) === 0;
  }

  /** To be called before the descriptor is closed: a copy of it in a child being born would keep it in the set. */
  remove(fd: number): void {
    this.#c.epoll_ctl(this.#fd, EPOLL_CTL_DEL, fd, this.#eventAt);
  }

  /** Looks, without waiting. @returns how many are ready; {@link token} names them. */
  poll(): number {
    return this.#c.epoll_wait(this.#fd, this.#eventsAt, EVENTS, 0);
  }

  /** The token of ready descriptor `index` of the last {@link poll}. */
  token(index: number): number {
    return this.#events.getUint32(index * EVENT_BYTES + DATA_OFFSET, true);
  }

  close(): void {
    this.#c.close(this.#fd);
  }
}
