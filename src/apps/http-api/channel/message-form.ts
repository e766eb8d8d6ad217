import type { SocketMessage } from "../../../server/socket.ts";
import { textOf } from "../../../wire/io-frame.ts";

const lossy = new TextDecoder();

/**
 * In which kind of frames a client is told bytes: in the kind it uses itself, text until it has sent anything; bytes that are no UTF-8 come
 * in binary frames, so that none is lost. `?binary=1` or `0` settles it.
 */
export class MessageForm {
  readonly #isSettled: boolean;
  #isBinary: boolean;

  /** @param binary - as the client asked for; undefined = it did not. */
  constructor(binary: boolean | undefined) {
    this.#isSettled = binary !== undefined;
    this.#isBinary = binary ?? false;
  }

  /** Whether bytes are to be text where they can be. */
  get isText(): boolean {
    return !this.#isBinary;
  }

  /** The client sent this. */
  heard(data: SocketMessage): void {
    if (!this.#isSettled) this.#isBinary = typeof data !== "string";
  }

  /** Bytes as the client wants them. */
  of(bytes: Uint8Array): SocketMessage {
    if (this.#isBinary) return bytes;
    return textOf(bytes) ?? (this.#isSettled ? lossy.decode(bytes) : bytes);
  }
}
