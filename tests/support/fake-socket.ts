import type { Socket, SocketMessage, SocketSession } from "../../src/server/socket.ts";
import { readChannelReply } from "../../src/wire/channel-reply.ts";

/** A websocket without a network: what its session says is noted, as far as the test gives it room. */
export class FakeSocket implements Socket {
  readonly sent: SocketMessage[] = [];
  closed: readonly [code: number, reason: string] | undefined;
  /** How many messages it takes before it is full. */
  room: number = Infinity;
  readonly buffered = 0;
  readonly #session: SocketSession;

  constructor(session: SocketSession) {
    this.#session = session;
    session.open(this);
  }

  send(message: SocketMessage): "sent" | "full" {
    if (this.closed !== undefined || this.room === 0) return "full";
    this.room--;
    this.sent.push(typeof message === "string" ? message : Uint8Array.from(message));
    return "sent";
  }

  close(code: number, reason: string): void {
    if (this.closed !== undefined) return;
    this.closed = [code, reason];
    this.#session.close(code, reason);
  }

  /** The client says something; resolves when it is dealt with, and what follows in the same turn was said. */
  async hear(message: unknown): Promise<void> {
    const data = typeof message === "string" || message instanceof Uint8Array ? message : JSON.stringify(message);
    await this.#session.message(data);
    await this.settle();
  }

  /** Lets what is due be said. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  }

  /** There is room again. */
  async drain(room: number = Infinity): Promise<void> {
    this.room = room;
    this.#session.drain();
    await this.settle();
  }

  /** Data of the `gaffer:event`s that were said since the last call. */
  takeEvents(): Readonly<Record<string, unknown>>[] {
    return this.sent.splice(0).flatMap((one) => {
      const reply = typeof one === "string" ? readChannelReply(one) : undefined;
      return reply?.kind === "event" ? [reply.data] : [];
    });
  }

  /** What was said since the last call, as JSON where it is text. */
  take(): unknown[] {
    return this.sent.splice(0).map((one): unknown => (typeof one === "string" ? parsed(one) : one));
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
