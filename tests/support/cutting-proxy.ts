/** Passes TCP connections on to a port of this machine, and cuts them when it is told to. */
export class CuttingProxy implements Disposable {
  readonly #listener: Bun.TCPSocketListener<Pair>;
  readonly #pairs = new Set<Pair>();

  /** @param port - where it passes them on to. */
  constructor(port: number) {
    this.#listener = Bun.listen<Pair>({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        open: (socket) => {
          const pair: Pair = { client: socket, server: undefined, waiting: [] };
          socket.data = pair;
          this.#pairs.add(pair);
          void this.#connect(pair, port);
        },
        data: ({ data: pair }, bytes) => {
          if (pair.server === undefined) pair.waiting.push(Buffer.from(bytes));
          else pair.server.write(bytes);
        },
        close: ({ data: pair }) => this.#end(pair),
        error: ({ data: pair }) => this.#end(pair),
      },
    });
  }

  /** Its own port. */
  get port(): number {
    return this.#listener.port;
  }

  async #connect(pair: Pair, port: number): Promise<void> {
    pair.server = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        data: (_socket, bytes) => void pair.client.write(bytes),
        close: () => this.#end(pair),
        error: () => this.#end(pair),
      },
    });
    for (const bytes of pair.waiting) pair.server.write(bytes);
  }

  #end(pair: Pair): void {
    if (!this.#pairs.delete(pair)) return;
    pair.client.terminate();
    pair.server?.terminate();
  }

  /** Cuts all connections there are; new ones are passed on. */
  cut(): void {
    for (const pair of this.#pairs) this.#end(pair);
  }

  [Symbol.dispose](): void {
    this.#listener.stop(true);
    this.cut();
  }
}

interface Pair {
  readonly client: Bun.Socket<Pair>;
  server: Bun.Socket | undefined;
  readonly waiting: Uint8Array[];
}
