/** What is sent over a websocket: text, or bytes. */
export type SocketMessage = string | Uint8Array;

/** One open websocket, as its session sees it. */
export interface Socket {
  /**
   * Sends a message.
   *
   * @returns `"full"` when it was not taken: too much waits for a slow reader already, and {@link SocketSession.drain} tells when there is
   * room again; or it is closed.
   */
  send(message: SocketMessage): "sent" | "full";
  /**
   * Closes it after what was sent; nothing more is heard of it but {@link SocketSession.close}.
   *
   * @param code - 1000 for an orderly end; see RFC 6455, 7.4.
   */
  close(code: number, reason: string): void;
  /** Bytes that wait for the reader. */
  readonly buffered: number;
}

/** What happens on one websocket: made when it is asked for, told when it is closed. */
export interface SocketSession {
  /** Called once, first of all. */
  open(socket: Socket): void;
  /**
   * Takes a message. The next is given when this one is done, and when the reader has room for answers: whoever asks faster than they
   * read is not read himself meanwhile.
   */
  message(data: SocketMessage): void | Promise<void>;
  /** There is room again after `"full"`; or the socket is to be closed, and what there is to be said must be said now. */
  drain(): void;
  /** Called once, last of all. */
  close(code: number, reason: string): void;
}

/** Larger messages close their connection with code 1009, as larger bodies are refused (SPEC §6). */
export const MESSAGE_BYTES = 1_048_576;

/**
 * Beyond it a socket takes nothing more, in bytes: some hundred events, besides the megabytes that the kernel holds. A thousand readers
 * that sleep hold a quarter of a gigabyte.
 */
export const QUEUE_BYTES = 262_144;
