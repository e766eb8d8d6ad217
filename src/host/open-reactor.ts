import { EpollReactor } from "./epoll-reactor.ts";
import { libc } from "./libc.ts";
import type { Reactor } from "./reactor.ts";
import { StreamReactor } from "./stream-reactor.ts";

/**
 * The best reactor this machine can have: epoll woken by signals, or Bun's own streams where the C library can't be called.
 *
 * @throws {@link GafferError} `resource_exhausted` when the machine gives no further descriptor.
 */
export function openReactor(): Reactor {
  const c = libc();
  return c === undefined ? new StreamReactor() : new EpollReactor(c);
}
