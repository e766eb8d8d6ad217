/** One connection and the one behind it. */
interface Pair {
  /** What could not be sent on yet. */
  rest: Buffer;
  other: Bun.Socket<Pair> | undefined;
}

const handler: Bun.SocketHandler<Pair> = {
  data: ({ data }, chunk) => {
    data.rest = Buffer.concat([data.rest, chunk]);
    if (data.other !== undefined) pass(data, data.other);
  },
  drain: (socket) => {
    const { other } = socket.data;
    if (other !== undefined) pass(other.data, socket);
  },
  close: ({ data }) => {
    data.other?.end();
  },
  error: ({ data }) => {
    data.other?.end();
  },
};

/** Sends on to `to` what waits at the other side. */
function pass(from: Pair, to: Bun.Socket<Pair>): void {
  if (from.rest.length > 0) from.rest = from.rest.subarray(Math.max(0, to.write(from.rest)));
}

/** A port before another one, whose connections can be cut. */
export class CutProxy implements Disposable {
  readonly #listener: Bun.TCPSocketListener<Pair>;
  readonly #open = new Set<Bun.Socket<Pair>>();

  /** @param to - port of 127.0.0.1 */
  constructor(to: number) {
    this.#listener = Bun.listen<Pair>({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        ...handler,
        open: (socket) => {
          socket.data = { rest: Buffer.alloc(0), other: undefined };
          this.#open.add(socket);
          void this.#connect(socket, to);
        },
        close: (socket) => {
          this.#open.delete(socket);
          socket.data.other?.end();
        },
      },
    });
  }

  async #connect(socket: Bun.Socket<Pair>, port: number): Promise<void> {
    const data: Pair = { rest: Buffer.alloc(0), other: socket };
    const other = await Bun.connect<Pair>({ hostname: "127.0.0.1", port, data, socket: handler });
    socket.data.other = other;
    pass(socket.data, other);
  }

  get port(): number {
    return this.#listener.port;
  }

  /** Cuts every connection, in the middle of whatever goes over it. */
  cut(): void {
    for (const socket of this.#open) {
      socket.data.other?.terminate();
      socket.terminate();
    }
  }

  [Symbol.dispose](): void {
    this.cut();
    this.#listener.stop(true);
  }
}
