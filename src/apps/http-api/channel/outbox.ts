import type { Socket, SocketMessage } from "../../../server/socket.ts";
import type { SocketEnd } from "./socket-codes.ts";

/** What a session has to say, in the order it is said: answers first, then what its source gives as the reader has room for it. */
export class Outbox {
  readonly #source: () => SocketMessage | undefined;
  #socket: Socket | undefined;
  #answers: SocketMessage[] = [];
  /** What the socket had no room for. */
  #refused: SocketMessage | undefined;
  #end: SocketEnd | undefined;
  #isAsked = false;
  #isClosed = false;

  /** @param source - the next message; undefined = nothing now. */
  constructor(source: () => SocketMessage | undefined) {
    this.#source = source;
  }

  open(socket: Socket): void {
    this.#socket = socket;
  }

  /** It is closed, or will be once everything was said. */
  get isEnding(): boolean {
    return this.#isClosed || this.#end !== undefined;
  }

  /** Says an answer. */
  say(message: SocketMessage): void {
    if (this.#isClosed) return;
    this.#answers.push(message);
    this.wake();
  }

  /** The source may have more. Everything of one turn is sent together, unless it is urgent. */
  wake(isUrgent: boolean = false): void {
    if (isUrgent) return this.pump();
    if (this.#isAsked || this.#isClosed) return;
    this.#isAsked = true;
    queueMicrotask(() => {
      this.#isAsked = false;
      this.pump();
    });
  }

  /** Closes the socket once everything was said. The first call counts. */
  end(end: SocketEnd): void {
    this.#end ??= end;
    this.pump();
  }

  /** Closes the socket at once: who may not hear any more is told nothing of what waits. */
  cut(end: SocketEnd): void {
    this.#end ??= end;
    this.close();
    this.#socket?.close(...this.#end);
  }

  /** Says what there is, as far as there is room. */
  pump(): void {
    if (this.#isClosed || this.#socket === undefined) return;
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      if (this.#socket.send(next) === "sent") continue;
      this.#refused = next;
      return;
    }
    if (this.#end !== undefined) this.#socket.close(...this.#end);
  }

  #next(): SocketMessage | undefined {
    const next = this.#refused ?? this.#answers.shift();
    this.#refused = undefined;
    if (next !== undefined || this.#isClosed) return next;
    return this.#source();
  }

  /** Nobody hears any more. */
  close(): void {
    this.#isClosed = true;
    this.#answers = [];
    this.#refused = undefined;
  }
}
