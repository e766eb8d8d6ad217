import { RawConnection } from "./raw-connection.ts";
import { waitFor } from "./wait-for.ts";

/** One frame as it came. */
export interface RawFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** How the handshake is sent. */
export interface HandshakeOptions {
  readonly headers?: Readonly<Record<string, string>>;
}

/** How a frame differs from one that is whole and masked. */
export interface FrameOptions {
  readonly fin?: boolean;
  readonly masked?: boolean;
  readonly rsv?: number;
}

/** A frame as a client sends it. */
export function clientFrame(
  opcode: number,
  payload: string | Uint8Array,
  { fin = true, masked = true, rsv = 0 }: FrameOptions = {},
): Buffer {
  const body = Buffer.from(payload);
  const head = [(fin ? 0x80 : 0) | (rsv << 4) | opcode];
  const flag = masked ? 0x80 : 0;
  if (body.length < 126) head.push(flag | body.length);
  else if (body.length < 65_536) head.push(flag | 126, body.length >> 8, body.length & 255);
  else {
    const length = Buffer.alloc(8);
    length.writeBigUInt64BE(BigInt(body.length));
    head.push(flag | 127, ...length);
  }
  if (!masked) return Buffer.concat([Buffer.from(head), body]);
  const mask = [0x12, 0x34, 0x56, 0x78];
  return Buffer.concat([Buffer.from([...head, ...mask]), body.map((byte, at) => byte ^ (mask[at % 4] ?? 0))]);
}

/** A websocket of a test that may break every rule: it reads only when told to, and sends what it likes. */
export class RawWebSocket implements Disposable {
  readonly connection: RawConnection;
  #rest = Buffer.alloc(0);
  #taken = 0;
  readonly frames: RawFrame[] = [];

  private constructor(connection: RawConnection) {
    this.connection = connection;
  }

  /** Shakes hands, and waits for the other's. */
  static async open(port: number, path: string, { headers = {} }: HandshakeOptions = {}): Promise<RawWebSocket> {
    const connection = await RawConnection.open(port);
    const own = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    connection.send(
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${own.join("")}\r\n`,
    );
    const answer = await connection.answered();
    if (!answer.startsWith("HTTP/1.1 101 ")) throw new Error(`no websocket: ${answer}`);
    const socket = new RawWebSocket(connection);
    socket.#taken = answer.indexOf("\r\n\r\n") + 4;
    return socket;
  }

  send(opcode: number, payload: string | Uint8Array, options: FrameOptions = {}): void {
    this.connection.send(clientFrame(opcode, payload, options));
  }

  /** Sends JSON as text. */
  say(message: unknown): void {
    this.send(1, JSON.stringify(message));
  }

  /** Frames that have come so far. */
  read(): readonly RawFrame[] {
    const { got } = this.connection;
    this.#rest = Buffer.concat([this.#rest, Buffer.from(got.slice(this.#taken), "latin1")]);
    this.#taken = got.length;
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) this.frames.push(frame);
    return this.frames;
  }

  /** Texts that have come so far. */
  texts(): string[] {
    return this.read().flatMap(({ opcode, payload }) => (opcode === 1 ? payload.toString() : []));
  }

  /** Code and reason of the close frame, if one came. */
  get closing(): readonly [code: number, reason: string] | undefined {
    const frame = this.read().find(({ opcode }) => opcode === 8);
    if (frame === undefined) return undefined;
    return frame.payload.length < 2
      ? [1005, ""]
      : [frame.payload.readUInt16BE(0), frame.payload.subarray(2).toString()];
  }

  #next(): RawFrame | undefined {
    const bytes = this.#rest;
    if (bytes.length < 2) return undefined;
    const short = (bytes[1] ?? 0) & 127;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length < head) return undefined;
    const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    if (bytes.length < head + length) return undefined;
    this.#rest = bytes.subarray(head + length);
    return { opcode: (bytes[0] ?? 0) & 15, payload: bytes.subarray(head, head + length) };
  }

  /** Waits until it was closed by the other side, and says how. */
  async closed(): Promise<readonly [code: number, reason: string] | undefined> {
    await waitFor(
      () => this.connection.closed || this.closing !== undefined,
      () => `a close, there are ${this.read().length} frames`,
    );
    return this.closing;
  }

  [Symbol.dispose](): void {
    this.connection.close();
  }
}
