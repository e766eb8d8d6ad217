import { waitFor } from "./wait-for.ts";

/** A websocket of a test, as a browser would open it; what comes is noted. */
export class TestWebSocket implements Disposable {
  readonly socket: WebSocket;
  readonly got: (string | Uint8Array)[] = [];
  closed: readonly [code: number, reason: string] | undefined;

  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    this.socket = new WebSocket(url, { headers: { ...headers } });
    this.socket.binaryType = "nodebuffer";
    this.socket.addEventListener("message", ({ data }: MessageEvent<string | Buffer>) => {
      this.got.push(typeof data === "string" ? data : Uint8Array.from(data));
    });
    this.socket.addEventListener("close", ({ code, reason }) => {
      this.closed = [code, reason];
    });
  }

  /** Waits until it is open; or says how it was refused. */
  async opened(): Promise<this> {
    await waitFor(
      () => this.socket.readyState === WebSocket.OPEN || this.closed !== undefined,
      () => "an open websocket",
    );
    return this;
  }

  /** Waits until it is closed. */
  async ended(): Promise<readonly [code: number, reason: string] | undefined> {
    await waitFor(
      () => this.closed !== undefined,
      () => `the end of the websocket, which said ${JSON.stringify(this.texts.slice(-3))}`,
    );
    return this.closed;
  }

  /** What came as text. */
  get texts(): string[] {
    return this.got.filter((one) => typeof one === "string");
  }

  /** Waits until something that came is what is looked for. */
  async until(isIt: (message: string | Uint8Array) => boolean, what: string): Promise<void> {
    await waitFor(
      () => this.got.some(isIt),
      () => `${what}; there are ${JSON.stringify(this.texts.slice(-5))}, closed ${String(this.closed)}`,
    );
  }

  [Symbol.dispose](): void {
    this.socket.terminate();
  }
}
