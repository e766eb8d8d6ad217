import { waitFor } from "./wait-for.ts";

/** A TCP connection of a test that says what it likes, HTTP or not. */
export class RawConnection implements Disposable {
  /** All that came back, a character a byte. */
  got = "";
  closed = false;
  #socket: Bun.Socket | undefined;
  #rest: Uint8Array = new Uint8Array();

  static async open(port: number): Promise<RawConnection> {
    const connection = new RawConnection();
    connection.#socket = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        data: (_socket, data) => {
          connection.got += data.toString("latin1");
        },
        drain: () => connection.#write(),
        close: () => {
          connection.closed = true;
        },
        error: () => {
          connection.closed = true;
        },
      },
    });
    return connection;
  }

  /** Sends all of it, as fast as it is taken. */
  send(bytes: string | Uint8Array): void {
    this.#rest = Buffer.concat([this.#rest, Buffer.from(bytes)]);
    this.#write();
  }

  #write(): void {
    if (this.#rest.length === 0 || this.closed) return;
    const written = this.#socket?.write(this.#rest) ?? 0;
    this.#rest = this.#rest.subarray(Math.max(0, written));
  }

  /** Reads no more until {@link resume}. */
  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  /** Sends nothing more; the answer can still come. */
  shutdown(): void {
    this.#socket?.shutdown();
  }

  /** Waits until what came matches. */
  async says(pattern: RegExp): Promise<string> {
    await waitFor(
      () => pattern.test(this.got),
      () => `${pattern} in ${JSON.stringify(this.got.slice(0, 500))}${this.closed ? " (closed)" : ""}`,
    );
    return this.got;
  }

  /** Waits until something came, or it was closed: no answer at all would be a hang. */
  async answered(): Promise<string> {
    await waitFor(
      () => this.closed || /\r\n\r\n/.test(this.got),
      () => `an answer, there is ${JSON.stringify(this.got.slice(0, 500))}`,
    );
    return this.got;
  }

  /** Closes it at once. */
  close(): void {
    this.#socket?.terminate();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
