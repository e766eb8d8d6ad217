import { OpenSocket } from "./open-socket.ts";
import type { SocketSession } from "./socket.ts";

/** "Going away": the daemon stops. @see RFC 6455, 7.4.1 */
const GOING_AWAY = 1001;
const STOPPING = "gaffer is stopping";

/** The websockets of a server: all are ended when it stops. */
export class Sockets {
  readonly #open = new Set<OpenSocket>();
  readonly #onError: (error: unknown) => void;
  #ended = false;

  /** @param onError - told of a bug that a session met. */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** How many are open now. */
  get count(): number {
    return this.#open.size;
  }

  /** What a session talks through, once the handshake is done. */
  accept(session: SocketSession): OpenSocket {
    const socket: OpenSocket = new OpenSocket(session, {
      onClosed: () => this.#open.delete(socket),
      onError: this.#onError,
    });
    this.#open.add(socket);
    if (this.#ended) socket.end(GOING_AWAY, STOPPING);
    return socket;
  }

  /** The handshake failed after all. */
  forget(socket: OpenSocket): void {
    this.#open.delete(socket);
  }

  /** Closes every socket after what it has, those that are opened from now on, too. */
  end(): void {
    this.#ended = true;
    for (const socket of this.#open) socket.end(GOING_AWAY, STOPPING);
  }
}
